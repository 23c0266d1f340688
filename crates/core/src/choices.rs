//! Words that stand for values: one list for reading what was typed, for the message when it is none
//! of them, and for completions. What the values mean is the matter of those who have the lists.

use std::ffi::OsStr;

/// When something for people is shown: bars, colours.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum When {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl When {
    /// What can be typed for it.
    pub const CHOICES: [(&'static str, Self); 3] =
        [("auto", Self::Auto), ("always", Self::Always), ("never", Self::Never)];
}

/// The words of a list of choices, for help and completions; [`one_of`] reads a value by the same list.
pub const fn words<T, const N: usize>(choices: &[(&'static str, T); N]) -> [&'static str; N] {
    let mut words = [""; N];
    let mut left = choices.as_slice();
    let mut room: &mut [&str] = &mut words;
    while let ([(word, _), rest @ ..], [slot, more @ ..]) = (left, room) {
        *slot = word;
        left = rest;
        room = more;
    }
    words
}

/// The choice that was typed.
///
/// # Errors
/// Names the words that could have been.
pub fn one_of<T: Copy>(typed: &OsStr, choices: &[(&'static str, T)]) -> Result<T, String> {
    let found = choices.iter().find(|(word, _)| typed == *word).map(|(_, choice)| *choice);
    found.ok_or_else(|| {
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        format!("must be {}", listed(&words))
    })
}

/// Words as they stand in a sentence: `off, try or require`.
pub fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [before @ .., last] => format!("{} or {last}", before.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDES: [(&str, u8); 3] = [("left", 1), ("middle", 2), ("right", 3)];

    #[test]
    fn words_and_what_they_mean() {
        assert_eq!(words(&SIDES), ["left", "middle", "right"]);
        assert_eq!(one_of(OsStr::new("middle"), &SIDES), Ok(2));
        for typed in ["", "lef", "Left", "left "] {
            let error = "must be left, middle or right".to_owned();
            assert_eq!(one_of(OsStr::new(typed), &SIDES), Err(error), "{typed}");
        }
        assert_eq!((listed(&[]), listed(&["a"])), (String::new(), "a".to_owned()));
    }
}
