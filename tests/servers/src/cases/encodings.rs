//! Names in the encodings that servers use: typed and shown as UTF-8, on the disk the bytes of the
//! encoding and no others. What a tool makes of them byte by byte is in `names`.

use super::{Case, Outcome, holds, same_tree};
use crate::{
    server::{Need, Server},
    tools::Tools,
};

pub(super) const CASES: &[Case] = &[
    Case { name: "names in six encodings go both ways", needs: RAW, run: both_ways },
    Case {
        name: "names with 0x5C in a character go both ways",
        needs: RAW_BACKSLASH,
        run: backslash,
    },
    Case { name: "folders in six encodings are entered", needs: RAW, run: folders },
    Case { name: "ls -u | xargs get needs no encoding", needs: RAW, run: xargs },
    Case { name: "ls -u | xargs get brings 0x5C", needs: RAW_BACKSLASH, run: xargs_backslash },
    Case { name: "--encoding auto shows whole folders right", needs: RAW, run: guessed },
    Case { name: "--encoding auto finds typed names", needs: RAW, run: found },
];

const RAW: &[Need] = &[Need::RawNames];
const RAW_BACKSLASH: &[Need] = &[Need::RawNames, Need::Backslash];

/// A label, a name as it is typed, and its bytes on the server.
type Sample = (&'static str, &'static str, &'static [u8]);

/// A character of four bytes in GB18030, 0x7C as a second byte in Big5, and 0xFF, which telnet
/// doubles, in the windows code pages.
const SAMPLES: &[Sample] = &[
    ("gb18030", "版本 𠀀.txt", b"\xb0\xe6\xb1\xbe \x952\x826.txt"),
    ("gb18030", "软件", b"\xc8\xed\xbc\xfe"),
    ("big5", "說明 育.txt", b"\xbb\xa1\xa9\xfa \xa8|.txt"),
    ("shift_jis", "説明書 ア.txt", b"\x90\xe0\x96\xbe\x8f\x91 \x83A.txt"),
    ("euc-kr", "설명서 1.txt", b"\xbc\xb3\xb8\xed\xbc\xad 1.txt"),
    ("windows-1251", "яблоко.txt", b"\xff\xe1\xeb\xee\xea\xee.txt"),
    ("windows-1251", "Описание", b"\xce\xef\xe8\xf1\xe0\xed\xe8\xe5"),
    ("windows-1252", "Größe ÿ.txt", b"Gr\xf6\xdfe \xff.txt"),
];

/// The second byte of these characters is a backslash.
const WITH_BACKSLASH: &[Sample] = &[
    ("big5", "功", b"\xa5\\"),
    ("big5", "許可.txt", b"\xb3\\\xa5i.txt"),
    ("shift_jis", "ソ", b"\x83\\"),
    ("shift_jis", "一覧表.txt", b"\x88\xea\x97\x97\x95\\.txt"),
];

/// A label, and the names of one folder: typed, and their bytes.
type Folder = (&'static str, &'static [(&'static str, &'static [u8])]);

const FOLDERS: &[Folder] = &[
    (
        "gbk",
        &[
            ("版本说明.txt", b"\xb0\xe6\xb1\xbe\xcb\xb5\xc3\xf7.txt"),
            ("软件下载", b"\xc8\xed\xbc\xfe\xcf\xc2\xd4\xd8"),
            ("发布记录 2024", b"\xb7\xa2\xb2\xbc\xbc\xc7\xc2\xbc 2024"),
            ("测试报告", b"\xb2\xe2\xca\xd4\xb1\xa8\xb8\xe6"),
            ("用户手册.doc", b"\xd3\xc3\xbb\xa7\xca\xd6\xb2\xe1.doc"),
        ],
    ),
    (
        "big5",
        &[
            ("說明文件.txt", b"\xbb\xa1\xa9\xfa\xa4\xe5\xa5\xf3.txt"),
            ("軟體下載", b"\xb3n\xc5\xe9\xa4U\xb8\xfc"),
            ("發佈記錄 2024", b"\xb5o\xa7G\xb0O\xbf\xfd 2024"),
            ("測試報告", b"\xb4\xfa\xb8\xd5\xb3\xf8\xa7i"),
            ("使用者手冊.doc", b"\xa8\xcf\xa5\xce\xaa\xcc\xa4\xe2\xa5U.doc"),
        ],
    ),
    (
        "shift_jis",
        &[
            ("説明書.txt", b"\x90\xe0\x96\xbe\x8f\x91.txt"),
            ("ダウンロード", b"\x83_\x83E\x83\x93\x83\x8d\x81[\x83h"),
            ("リリースノート", b"\x83\x8a\x83\x8a\x81[\x83X\x83m\x81[\x83g"),
            ("テスト結果", b"\x83e\x83X\x83g\x8c\x8b\x89\xca"),
            ("はじめに", b"\x82\xcd\x82\xb6\x82\xdf\x82\xc9"),
        ],
    ),
    (
        "euc-kr",
        &[
            ("설명서.txt", b"\xbc\xb3\xb8\xed\xbc\xad.txt"),
            ("다운로드", b"\xb4\xd9\xbf\xee\xb7\xce\xb5\xe5"),
            ("배포 기록", b"\xb9\xe8\xc6\xf7 \xb1\xe2\xb7\xcf"),
            ("시험 결과", b"\xbd\xc3\xc7\xe8 \xb0\xe1\xb0\xfa"),
            ("사용자 안내서", b"\xbb\xe7\xbf\xeb\xc0\xda \xbe\xc8\xb3\xbb\xbc\xad"),
        ],
    ),
    (
        "windows-1251",
        &[
            ("Описание.txt", b"\xce\xef\xe8\xf1\xe0\xed\xe8\xe5.txt"),
            ("Загрузки", b"\xc7\xe0\xe3\xf0\xf3\xe7\xea\xe8"),
            ("Журнал выпусков", b"\xc6\xf3\xf0\xed\xe0\xeb \xe2\xfb\xef\xf3\xf1\xea\xee\xe2"),
            ("Отчёт о проверке", b"\xce\xf2\xf7\xb8\xf2 \xee \xef\xf0\xee\xe2\xe5\xf0\xea\xe5"),
        ],
    ),
    (
        "windows-1252",
        &[
            ("Übersicht.txt", b"\xdcbersicht.txt"),
            ("Größe", b"Gr\xf6\xdfe"),
            ("Menü für Gäste", b"Men\xfc f\xfcr G\xe4ste"),
        ],
    ),
    (
        "utf-8",
        &[
            ("版本说明", b"\xe7\x89\x88\xe6\x9c\xac\xe8\xaf\xb4\xe6\x98\x8e"),
            ("Größe", b"Gr\xc3\xb6\xc3\x9fe"),
        ],
    ),
];

fn both_ways(server: &Server, tools: &Tools) -> Outcome {
    SAMPLES.iter().try_for_each(|sample| there_and_back(server, tools, *sample))
}

fn backslash(server: &Server, tools: &Tools) -> Outcome {
    WITH_BACKSLASH.iter().try_for_each(|sample| there_and_back(server, tools, *sample))
}

/// Puts a file by its typed name, looks at its bytes, lists, gets and removes it.
fn there_and_back(server: &Server, tools: &Tools, (label, name, wire): Sample) -> Outcome {
    let (flag, url) = (format!("--encoding={label}"), server.url(&format!("/{name}")));
    tools.here.write(name, label)?;
    tools.put(server).args(&[&flag, name]).arg(server.url("/")).silent()?;
    is_only_file(server, name, wire)?;
    tools.ls(server).arg(&flag).arg(server.url("/")).run()?.printed(format!("{name}\n"))?;
    tools.ls(server).arg(&flag).arg(&url).run()?.printed(format!("{name}\n"))?;
    tools.get(server).arg(&flag).arg(&url).run()?.printed(label)?;
    tools.rm(server).arg(&flag).arg(&url).silent()?;
    holds(&format!("{name} is gone"), server.root.files()?.is_empty())
}

fn is_only_file(server: &Server, name: &str, wire: &[u8]) -> Outcome {
    let files = server.root.files()?;
    let (got, due) = (files.join(&b' ').escape_ascii().to_string(), wire.escape_ascii());
    holds(&format!("{name} is the bytes {due}, not {got}"), files == [wire])
}

/// The folders are made on the disk: pyftpdlib answers 501 to MKD and CWD of a name that is not UTF-8,
/// has gone there all the same, and closes sessions once that folder is removed.
fn folders(server: &Server, tools: &Tools) -> Outcome {
    for (label, name, wire) in SAMPLES {
        let flag = format!("--encoding={label}");
        let url = server.url(&format!("/{name}/"));
        server.root.mkdir(wire)?;
        tools.put(server).args(&[&flag, "-"]).arg(format!("{url}x")).stdin(*name).silent()?;
        is_only_file(server, name, &[wire, &b"/x"[..]].concat())?;
        tools.ls(server).arg(&flag).arg(&url).run()?.printed("x\n")?;
        let tree = tools.ls(server).args(&[&flag, "-R"]).arg(server.url("/")).run()?;
        tree.printed(format!("{name}\n{name}/x\n"))?;
        tools.get(server).arg(&flag).arg(format!("{url}x")).run()?.printed(name)?;
        tools.rm(server).args(&[&flag, "-r"]).arg(&url).silent()?;
        holds("the folder is gone", !server.root.has(wire))?;
    }
    Ok(())
}

fn xargs(server: &Server, tools: &Tools) -> Outcome {
    bring(server, tools, SAMPLES)
}

fn xargs_backslash(server: &Server, tools: &Tools) -> Outcome {
    bring(server, tools, WITH_BACKSLASH)
}

fn bring(server: &Server, tools: &Tools, samples: &[Sample]) -> Outcome {
    for (_, name, wire) in samples {
        server.root.write([b"odd/", *wire].concat(), name)?;
    }
    tools.here.mkdir("out")?;
    let script = "ftp-ls $FLAGS -u $URL/odd/ | xargs ftp-get $FLAGS -d out";
    tools.sh(server, script).silent()?;
    same_tree(&server.root, "odd/", &tools.here, "out/")
}

fn guessed(server: &Server, tools: &Tools) -> Outcome {
    for (label, names) in FOLDERS {
        let mut sorted = names.to_vec();
        sorted.sort_by_key(|(_, wire)| *wire);
        for (name, wire) in names.iter() {
            server.root.write([label.as_bytes(), b"/", wire].concat(), name)?;
        }
        let shown: String = sorted.iter().map(|(name, _)| format!("{name}\n")).collect();
        let url = server.url(&format!("/{label}/"));
        tools.ls(server).arg("--encoding=auto").arg(&url).run()?.printed(shown)?;
    }
    Ok(())
}

fn found(server: &Server, tools: &Tools) -> Outcome {
    for (label, names) in FOLDERS {
        for (name, wire) in names.iter() {
            server.root.write([label.as_bytes(), b"/", wire].concat(), name)?;
        }
        for (name, _) in names.iter() {
            let url = server.url(&format!("/{label}/{name}"));
            tools.get(server).arg("--encoding=auto").arg(&url).run()?.printed(name)?;
        }
    }
    Ok(())
}
