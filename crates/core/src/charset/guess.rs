//! Which encoding a server's names are in, guessed from all that was listed: `--encoding auto`.
//! A name alone is never evidence enough: short GBK names are valid in a dozen encodings.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};

use super::Charset;

/// What has been seen of a server's names.
pub struct Guess {
    detector: EncodingDetector,
    /// Names seen that are not ASCII.
    telling: u64,
    /// Whether all of them are valid UTF-8.
    utf8: bool,
}

impl Default for Guess {
    fn default() -> Self {
        let detector = EncodingDetector::new(Iso2022JpDetection::Deny);
        Self { detector, telling: 0, utf8: true }
    }
}

impl Guess {
    /// Takes one name into account, the server's bytes.
    pub fn see(&mut self, name: &[u8]) {
        if name.is_ascii() {
            return;
        }
        self.telling = self.telling.saturating_add(1);
        self.utf8 = self.utf8 && std::str::from_utf8(name).is_ok();
        self.detector.feed(name, false);
        // What ends a name ends its characters too.
        self.detector.feed(b"\n", false);
    }

    /// The encoding of all names seen: UTF-8 where all are valid in it, else what they look most
    /// like. The last label of `host` (`cn`, `ru`) counts as a hint. `None` while all were ASCII.
    pub fn charset(&self, host: &str) -> Option<Charset> {
        if self.telling == 0 {
            return None;
        }
        if self.utf8 {
            return Some(Charset::Named(encoding_rs::UTF_8));
        }
        let label = host.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        let letters = label.bytes().all(|b| b.is_ascii_lowercase());
        let hint = Some(label.as_bytes()).filter(|label| letters && label.len() > 1);
        Some(Charset::Named(self.detector.guess(hint, Utf8Detection::Deny)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guessed(label: &str, names: &[&str]) -> Option<&'static str> {
        let charset = Charset::for_label(label.as_bytes()).unwrap();
        let mut guess = Guess::default();
        for name in names {
            guess.see(&charset.encode(name.as_bytes()).unwrap());
        }
        guess.charset("127.0.0.1").and_then(|charset| charset.name())
    }

    #[test]
    fn a_whole_listing_tells_its_encoding() {
        let chinese = ["版本说明.txt", "软件下载", "发布记录 2024", "测试报告", "用户手册.doc"];
        let taiwan = ["說明文件.txt", "軟體下載", "發佈記錄 2024", "測試報告", "使用者手冊.doc"];
        let japanese = ["説明書.txt", "ダウンロード", "リリースノート", "テスト結果", "はじめに"];
        let korean = ["설명서.txt", "다운로드", "배포 기록", "시험 결과", "사용자 안내서"];
        let russian = ["Описание.txt", "Загрузки", "Журнал выпусков", "Отчёт о проверке"];
        for (label, names, expected) in [
            ("gbk", &chinese[..], "GBK"),
            ("utf-8", &chinese, "UTF-8"),
            ("big5", &taiwan, "Big5"),
            ("shift_jis", &japanese, "Shift_JIS"),
            ("euc-jp", &japanese, "EUC-JP"),
            ("euc-kr", &korean, "EUC-KR"),
            ("windows-1251", &russian, "windows-1251"),
            ("koi8-u", &russian, "KOI8-U"),
            ("windows-1252", &["Übersicht.txt", "Größe", "Menü für Gäste"], "windows-1252"),
        ] {
            assert_eq!(guessed(label, names), Some(expected), "{label}");
        }
    }

    #[test]
    fn ascii_tells_nothing_and_one_bad_name_is_not_utf8() {
        assert_eq!(guessed("utf-8", &["a", "b"]), None);
        let mut guess = Guess::default();
        guess.see("版本".as_bytes());
        assert_eq!(guess.charset("h").and_then(|c| c.name()), Some("UTF-8"));
        guess.see(b"\xB0\xE6\xB1\xBE");
        assert_ne!(guess.charset("h").and_then(|c| c.name()), Some("UTF-8"));
        for host in ["", ".", "h.CN", "[::1]", "x.y_"] {
            assert!(guess.charset(host).is_some(), "{host}");
        }
    }
}
