//! Judging a login whose commands all went out before the first reply came. Pure: replies in, a
//! verdict out.

use crate::reply::Reply;

/// What the replies to `USER`, `PASS` and the commands behind them come to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// Logged in. `in_order` tells whether the replies answer the commands one by one, so that
    /// those behind PASS count; else they were judged before the password was, and are sent again.
    In {
        /// Replies came in the order of the commands.
        in_order: bool,
    },
    /// 332: the server wants ACCT next (RFC 959 §4.1.1).
    WantsAccount,
    /// The server said no; a second attempt would only trip a lock-out.
    Refused(Reply),
    /// The server cannot take commands ahead of time: try again with one at a time.
    OneByOne,
}

/// Judges the replies to `USER`, `PASS` and more, in the order in which they came; `hung_up` when
/// the connection ended before all were in.
///
/// A presumed login is judged only when all its replies are in: libunftp checks passwords in the
/// background and answers 331, 530 (to TYPE), 530 (to EPSV), 230 (to PASS). So a 230 anywhere means
/// logged in.
pub fn judge(replies: &[Reply], hung_up: bool) -> Verdict {
    let welcomed = |reply: &Reply| matches!(reply.code(), 230 | 232);
    if !hung_up && let Some(place) = replies.iter().position(welcomed) {
        let user_alone = place == 0;
        return Verdict::In { in_order: user_alone || place == 1 };
    }
    if replies.get(1).is_some_and(|reply| reply.code() == 202) && !hung_up {
        return Verdict::In { in_order: true };
    }
    if replies.iter().take(2).any(|reply| reply.code() == 332) && !hung_up {
        return Verdict::WantsAccount;
    }
    match refusal(replies) {
        Some(no) => Verdict::Refused(no.clone()),
        None => Verdict::OneByOne,
    }
}

/// The no to the password, for the message. Servers that judge in order say it first, and then a
/// mere "not logged in" to each command behind it; libunftp says that first, and the no at the end.
fn refusal(replies: &[Reply]) -> Option<&Reply> {
    let mut no = replies.iter().filter(|reply| is_judgement(reply));
    let (first, second) = (no.next()?, no.next());
    if second == Some(first) {
        replies.iter().rfind(|reply| is_judgement(reply))
    } else {
        Some(first)
    }
}

/// A no to the credentials, as opposed to a no to commands sent ahead of time (500 and 503 for a
/// command the server lost its place over, 421 for a client it takes for an attack).
fn is_judgement(reply: &Reply) -> bool {
    matches!(reply.code(), 430 | 530 | 532 | 534 | 550)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::ReplyReader;

    fn replies(codes: &[u16]) -> Vec<Reply> {
        let mut reader = ReplyReader::default();
        for code in codes {
            reader.push(format!("{code} x\r\n").as_bytes());
        }
        std::iter::from_fn(|| reader.take().unwrap()).collect()
    }

    #[test]
    fn the_reason_for_a_refusal_is_found_on_either_side() {
        for (texts, reason) in [
            (["331 pw", "530 wrong", "530 log in", "530 log in"], "530 wrong"),
            (["331 pw", "530 log in", "530 log in", "530 wrong"], "530 wrong"),
            (["530 no", "503 user first", "530 log in", "530 log in"], "530 no"),
        ] {
            let mut reader = ReplyReader::default();
            texts.iter().for_each(|text| reader.push(format!("{text}\r\n").as_bytes()));
            let replies: Vec<Reply> = std::iter::from_fn(|| reader.take().unwrap()).collect();
            let Verdict::Refused(no) = judge(&replies, false) else { panic!("{texts:?}") };
            assert_eq!(no.raw(), format!("{reason}\r\n").as_bytes());
        }
    }

    #[test]
    fn verdicts() {
        let refused = || Verdict::Refused(replies(&[530]).remove(0));
        for (codes, hung_up, verdict) in [
            (&[331, 230, 200, 229][..], false, Verdict::In { in_order: true }),
            (&[230, 503, 200, 229], false, Verdict::In { in_order: true }),
            (&[331, 202, 200], false, Verdict::In { in_order: true }),
            (&[331, 530, 530, 230], false, Verdict::In { in_order: false }),
            (&[331, 530, 230, 229], false, Verdict::In { in_order: false }),
            (&[331, 332, 530, 530], false, Verdict::WantsAccount),
            (&[331, 530, 530, 530], false, refused()),
            (&[530, 503, 530, 530], false, refused()),
            (&[331, 530], true, refused()),
            (&[331, 421], true, Verdict::OneByOne),
            (&[], true, Verdict::OneByOne),
            (&[331], true, Verdict::OneByOne),
            (&[500, 500, 500, 500], false, Verdict::OneByOne),
            (&[331, 503, 503, 503], false, Verdict::OneByOne),
            (&[331, 230], true, Verdict::OneByOne),
        ] {
            assert_eq!(judge(&replies(codes), hung_up), verdict, "{codes:?} {hung_up}");
        }
    }
}
