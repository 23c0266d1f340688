//! The runner: cases run against `sh` as the tool, so that every expectation is seen to fail.

use std::path::Path;

use harness::{Case, cases};

fn outcome(source: &str) -> Result<(), String> {
    Case::parse(source)?.run("sh", "/bin/sh".as_ref())
}

#[test]
fn what_is_right_passes() {
    for source in [
        "run: sh -c 'printf \"a\\n\"'\nexpect:\n  exit: 0\n  stdout: \"a\\n\"\n",
        "run: sh -c 'cat; echo sh: no >&2; exit 3'\nstdin: \"x\" repeat 2 \"y\"\nexpect:\n  exit: 3\n  \
         stdout: \"xyy\"\n  stderr-lines: 1\n  stderr-has: \"no\"\n  stderr-lacks: \"yes\"\n",
        "run: sh -c 'cat in > sub/out; rm in'\nfile in: \"x\"\ndir sub\nexpect:\n  exit: 0\n  \
         file sub/out: \"x\"\n  no-file in\n  within: 5s\n",
        "run: sh -c 'printf %s $V $HOME > \"a b\"'\nenv: V={host}\nenv: HOME={dir}\nexpect:\n  exit: 0\n  \
         file \"a b\": \"{host}{dir}\"\n  only-files: \"a b\"\n  connections: 0\n",
        "run: sh -c 'echo sh: no >&2; exit 1'\nexpect:\n  exit: 0\n  file x: \"new\"\nexpect:\n  exit: 1\n",
        "run: sh -c 'exec sleep 9'\nsignal: TERM after 50ms\nexpect:\n  signal: 15\n",
        "run: sh -c 'while echo y; do :; done'\nstdout-closes-after: 4\nexpect:\n  signal: 13\n  \
         stdout-any\n",
    ] {
        assert_eq!(outcome(source), Ok(()), "{source}");
    }
}

#[test]
fn what_differs_fails_and_is_named() {
    for (source, said) in [
        ("run: sh -c 'exit 1'\nexpect:\n  exit: 0\n", "it ended with exit 1"),
        ("run: sh -c 'exit 1'\nexpect:\n  exit: 1\n", "stderr is empty"),
        (
            "run: sh -c 'yes 0123456789 | head -c 700'\nexpect:\n  exit: 0\n  stdout: repeat 60 \"0123456789\\n\"\n",
            "it is 700 bytes with \"56789\\n0123456789",
        ),
        (
            "run: sh -c 'echo > x; exit 1'\nexpect:\n  exit: 0\n  file x: \"new\"\nexpect:\n  exit: 1\n  \
             stderr-any\n",
            "the folder holds \"x\", not",
        ),
        ("run: sh -c 'echo oops >&2; exit 1'\nexpect:\n  exit: 1\n", "stderr has \"oops\""),
        ("run: sh -c 'echo a'\nexpect:\n  exit: 0\n", "nothing on stdout"),
        ("run: sh -c 'echo a >&2'\nexpect:\n  exit: 0\n", "silence on success"),
        ("run: sh -c 'echo > .part'\nexpect:\n  exit: 0\n", "the folder holds \".part\", not"),
        ("run: sh -c 'rm a'\nfile a: \"\"\nexpect:\n  exit: 0\n", "not \"a\""),
        (
            "run: sh -c 'printf b > a'\nexpect:\n  exit: 0\n  file a: \"c\"\n",
            "it is \"b\", not \"c\"",
        ),
        ("run: sh -c ':'\nexpect:\n  exit: 0\n  file a\n", "No such file"),
        ("run: sh -c 'exec sleep 9'\ntimeout: 100ms\nexpect:\n  signal: 9\n", "it hung"),
        ("run: sh -c 'exec sleep 1'\nexpect:\n  exit: 0\n  within: 100ms\n", "it took"),
        ("run: sh -c ':'\nserver:\n  > 220\nexpect:\n  exit: 0\n", "was never made"),
        (
            "run: sh -c ':'\nauto:\n  file a \"x\"\nexpect:\n  exit: 0\n  saw: USER *\n",
            "it was not seen",
        ),
        (
            "run: sh -c ':'\nauto:\n  file a \"x\"\nexpect:\n  exit: 0\n  only-remote: b\n",
            "the server holds \"a\", not \"b\"",
        ),
        (
            "run: sh -c ':'\nauto:\n  file a \"x\"\nexpect:\n  exit: 0\n  remote a: \"y\"\n",
            "the file is \"x\", not \"y\"",
        ),
        (
            "run: sh -c ':'\nauto:\n  file a \"x\"\nexpect:\n  exit: 0\n  no-remote a\n",
            "the server has it",
        ),
        ("run: sh -c ':'\nexpect:\n  exit: 0\n  connections: 1\n", "connections: 0, not 1"),
        ("run: sh -c ':'\nexpect:\n  exit: 0\n  saw2: X\n", "no such server"),
        ("run: sh -c ':'\nexpect:\n  exit: 0\n  order: A | B\n", "did not come then"),
        (
            "run: sh -c 'echo panicked at here >&2'\nexpect:\n  exit: 0\n  stderr-any\n",
            "it panicked",
        ),
    ] {
        let report = outcome(source).expect_err(source);
        assert!(report.contains(said), "{source}\n{report}");
        assert!(report.contains("command: sh '-c'") && report.contains("folder:"), "{report}");
    }
}

#[test]
fn what_is_not_understood_is_an_error() {
    for source in [
        "",
        "run: sh\n",
        "expect:\n  exit: 0\n",
        "run: sh\nexpect:\n  stdout: \"\"\n",
        "run: sh\nexpect:\n  exit: 0\n  exti: 0\n",
        "run: sh\nexpect:\n  exit: zero\n",
        "run: sh\nexpect:\n  exit: 0\nexpect:\n  exit: one\n",
        "run: sh\nexpect:\n  exit: 0\n  stdout: a\n",
        "run: sh\nrun: sh\nexpect:\n  exit: 0\n",
        "run: sh\nsevrer:\n  > 220\nexpect:\n  exit: 0\n",
        "run: sh\nauto:\n  flie a \"x\"\nexpect:\n  exit: 0\n",
        "run: sh {hots}\nexpect:\n  exit: 0\n",
        "run: sh\nsignal: KLIL after 1s\nexpect:\n  exit: 0\n",
        "run: sh\nstdin: \"a\"\n  > 220\nexpect:\n  exit: 0\n",
        "run: bash\nexpect:\n  exit: 0\n",
    ] {
        assert!(outcome(source).is_err(), "{source}");
    }
}

#[test]
fn every_case_of_every_tool_is_understood() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cases");
    for tool in ["ftp-ls", "ftp-get", "ftp-put", "ftp-rm", "ftp-pipe"] {
        for (name, path) in cases(&root.join(tool)).unwrap() {
            let source = std::fs::read_to_string(path).unwrap();
            if let Err(error) = Case::parse(&source) {
                panic!("{tool} {name}: {error}");
            }
        }
    }
}
