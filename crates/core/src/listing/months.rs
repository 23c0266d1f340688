//! Names of months as listings abbreviate them, in English and in the languages that `ls` follows its
//! server's locale into. Dates are put together elsewhere.

use super::words::look_up;

/// The month an English name of three letters means, in any case: 1 to 12.
pub(super) fn english(word: &[u8]) -> Option<u8> {
    let &[a, b, c] = word else { return None };
    match [a | 0x20, b | 0x20, c | 0x20].as_slice() {
        b"jan" => Some(1),
        b"feb" => Some(2),
        b"mar" => Some(3),
        b"apr" => Some(4),
        b"may" => Some(5),
        b"jun" => Some(6),
        b"jul" => Some(7),
        b"aug" => Some(8),
        b"sep" => Some(9),
        b"oct" => Some(10),
        b"nov" => Some(11),
        b"dec" => Some(12),
        _ => None,
    }
}

/// The month a name means in any language known here, with or without a point behind it; English
/// first. 0 is for the three names that mean one month here and another there: an entry so dated is
/// an entry, its time is unknown.
pub(super) fn month(word: &[u8]) -> Option<u8> {
    let word = word.strip_suffix(b".").unwrap_or(word);
    english(word).or_else(|| look_up(word, NAMES))
}

/// All names but the English, in lower case, sorted. From glibc's locales (Basque, Belarusian,
/// Bosnian, Bulgarian, Catalan, Croatian, Czech, Danish, Dutch, Estonian, Finnish, French, Galician,
/// German, Greek, Hungarian, Icelandic, Indonesian, Italian, Latvian, Lithuanian, Macedonian,
/// Norwegian, Polish, Portuguese, Romanian, Russian, Serbian, Slovak, Slovene, Spanish, Swedish,
/// Turkish, Ukrainian), and spellings of older systems: `mrz`, `maer`, `jaen`, `fev`, `aou`, `sept`.
/// `lip` is June in Croatian and July in Polish, `lis` October in Croatian and November in Polish and
/// Czech, `srp` July in Croatian and August in Czech.
#[rustfmt::skip]
static NAMES: &[(&str, u8)] = &[
    ("abe", 12), ("abr", 4), ("abu", 8), ("ag", 8), ("ago", 8), ("agu", 8), ("aou", 8), ("aout", 8),
    ("aoû", 8), ("août", 8), ("api", 4), ("april", 4), ("ara", 12), ("avg", 8), ("avr", 4),
    ("avril", 4), ("aza", 11), ("ağu", 8), ("bal", 4), ("birž", 6), ("bře", 3), ("cze", 6),
    ("des", 12), ("dets", 12), ("dez", 12), ("dic", 12), ("dub", 4), ("déc", 12), ("eka", 6),
    ("eki", 10), ("elo", 8), ("ene", 1), ("eyl", 9), ("febr", 2), ("fev", 2), ("fevr", 2),
    ("fév", 2), ("févr", 2), ("geg", 5), ("gen", 1), ("giu", 6), ("gru", 12), ("gruod", 12),
    ("haz", 6), ("heinä", 7), ("helmi", 2), ("huhti", 4), ("ian", 1), ("ira", 9), ("iul", 7),
    ("iun", 6), ("jaan", 1), ("jaen", 1), ("janv", 1), ("joulu", 12), ("jui", 7), ("juil", 7),
    ("juin", 6), ("juli", 7), ("juni", 6), ("juny", 6), ("juuli", 7), ("juuni", 6), ("jän", 1),
    ("júl", 7), ("jún", 6), ("jūl", 7), ("jūn", 6), ("kas", 11), ("kesä", 6), ("kol", 8),
    ("kov", 3), ("kvě", 5), ("kwi", 4), ("lapkr", 11), ("led", 1), ("liep", 7), ("lip", 0),
    ("lis", 0), ("loka", 10), ("lug", 7), ("lut", 2), ("maalis", 3), ("maer", 3), ("mag", 5),
    ("mai", 5), ("maig", 5), ("maj", 5), ("marras", 11), ("mars", 3), ("març", 3), ("maí", 5),
    ("mei", 5), ("mrt", 3), ("mrz", 3), ("máj", 5), ("márc", 3), ("mär", 3), ("märts", 3),
    ("märz", 3), ("nis", 4), ("nóv", 11), ("oca", 1), ("okt", 10), ("ots", 2), ("ott", 10),
    ("out", 10), ("ožu", 3), ("paz", 10), ("paź", 10), ("pro", 12), ("rugp", 8), ("rugs", 9),
    ("ruj", 9), ("saus", 1), ("sept", 9), ("set", 9), ("sie", 8), ("sij", 1), ("spal", 10),
    ("srp", 0), ("stu", 11), ("sty", 1), ("sub", 2), ("svi", 5), ("syys", 9), ("szept", 9),
    ("tammi", 1), ("tem", 7), ("touko", 5), ("tra", 4), ("urr", 10), ("urt", 1), ("uzt", 7),
    ("vas", 2), ("veebr", 2), ("velj", 2), ("wrz", 9), ("xan", 1), ("xul", 7), ("xuñ", 6),
    ("zář", 9), ("ágú", 8), ("ápr", 4), ("úno", 2), ("čec", 7), ("čen", 6), ("říj", 10), ("şub", 2),
    ("απρ", 4), ("αυγ", 8), ("αύγ", 8), ("δεκ", 12), ("ιαν", 1), ("ιουλ", 7), ("ιουν", 6),
    ("ιούλ", 7), ("ιούν", 6), ("μάι", 5), ("μάρ", 3), ("μαΐ", 5), ("μαι", 5), ("μαρ", 3),
    ("νοέ", 11), ("νοε", 11), ("οκτ", 10), ("σεπ", 9), ("φεβ", 2), ("авг", 8), ("апр", 4),
    ("бер", 3), ("вер", 9), ("гру", 12), ("дек", 12), ("дец", 12), ("жні", 8), ("жов", 10),
    ("июл", 7), ("июн", 6), ("кас", 10), ("кві", 4), ("кра", 4), ("лип", 7), ("лис", 11),
    ("лют", 2), ("ліп", 7), ("ліс", 11), ("май", 5), ("мар", 3), ("мая", 5), ("мај", 5),
    ("нов", 11), ("ное", 11), ("ноя", 11), ("окт", 10), ("сак", 3), ("сен", 9), ("сеп", 9),
    ("сер", 8), ("сне", 12), ("сту", 1), ("січ", 1), ("тра", 5), ("феб", 2), ("фев", 2), ("чер", 6),
    ("чэр", 6), ("юли", 7), ("юни", 6), ("янв", 1), ("яну", 1), ("јан", 1), ("јул", 7), ("јун", 6),
];

#[cfg(test)]
mod tests {
    use super::super::words::encoded;
    use super::*;

    #[test]
    fn the_table_is_sorted_and_holds_nothing_english() {
        assert!(NAMES.is_sorted_by(|a, b| a.0.as_bytes() < b.0.as_bytes()));
        for (name, number) in NAMES {
            assert!(*number <= 12 && english(name.as_bytes()).is_none(), "{name}");
        }
    }

    #[test]
    fn every_name_is_found_in_every_charset_and_case() {
        for (name, number) in NAMES {
            let mut letters = name.chars();
            let first = letters.next().unwrap();
            let title = first.to_uppercase().chain(letters).collect::<String>();
            // There is no capital of this letter alone.
            let upper = if name.contains('ΐ') { title.clone() } else { name.to_uppercase() };
            let forms = [(*name).to_owned(), title, upper, format!("{name}.")];
            for bytes in forms.iter().flat_map(|form| encoded(form)) {
                assert_eq!(month(&bytes), Some(*number), "{name}: {}", bytes.escape_ascii());
            }
        }
    }

    #[test]
    fn months_of_some_languages() {
        for (names, first) in [
            ("Jan Feb M\u{e4}r Apr Mai Jun Jul Aug Sep Okt Nov Dez", 1),
            ("janv. f\u{e9}vr. mars avril mai juin juil. ao\u{fb}t sept. oct. nov. d\u{e9}c.", 1),
            ("ene feb mar abr may jun jul ago sep oct nov dic", 1),
            ("gen feb mar apr mag giu lug ago set ott nov dic", 1),
            ("led \u{fa}no b\u{159}e dub kv\u{11b} \u{10d}en \u{10d}ec", 1),
            ("янв фев мар апр мая июн июл авг сен окт ноя дек", 1),
            ("вер жов лис гру", 9),
            ("Oca Şub Mar Nis May Haz Tem Ağu Eyl Eki Kas Ara", 1),
            ("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC", 1),
        ] {
            for (number, name) in (first..).zip(names.split(' ')) {
                assert_eq!(month(name.as_bytes()), Some(number), "{name}");
            }
        }
    }

    #[test]
    fn names_of_two_months_and_of_none() {
        for name in ["lip", "Lis", "srp."] {
            assert_eq!(month(name.as_bytes()), Some(0), "{name}");
        }
        for word in ["", ".", "x", "root", "29", "mar ", "january", "..", "ма"] {
            assert_eq!(month(word.as_bytes()), None, "{word}");
        }
    }
}
