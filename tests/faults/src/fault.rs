//! The faults: what goes wrong in which phase, and what must come of it. Which of them a cell meets is
//! said in `cell`.

use crate::cell::{Job, Must, SIZE};

/// A fault.
#[derive(Clone, Debug)]
pub struct Fault {
    pub name: String,
    /// Lines of the faulty server; `{nth}` becomes how often.
    pub lines: Vec<String>,
    /// What must come of it when it strikes once.
    pub once: Must,
    /// And when it strikes always; `None` where that makes no sense.
    pub always: Option<Must>,
}

impl Fault {
    /// Whether it cuts or breaks a connection in a transfer, or loses the reply behind it: what comes
    /// then goes by the numbers that the server tells.
    pub fn breaks_off(&self) -> bool {
        let (kind, phase) = self.name.split_once('/').unwrap_or((&self.name, ""));
        match kind {
            "data-close-226" | "data-close-426" | "data-reset" => true,
            "close-control" | "reset-control" => matches!(phase, "half" | "before-226"),
            "421" | "425" | "426" => matches!(phase, "half" | "instead-of-226"),
            "leaves" => true,
            _ => false,
        }
    }

    /// How many bytes have passed when the transfer stops short.
    pub fn stops_at(&self) -> Option<usize> {
        let point = self.name.rsplit('/').next().filter(|_| self.breaks_off())?;
        let after = POINTS.iter().find(|(name, _)| *name == point).map(|(_, after)| *after)?;
        (after < SIZE).then_some(after)
    }

    /// Whether it says 226 all the same.
    pub fn is_careless(&self) -> bool {
        self.name.starts_with("data-close-226")
    }
}

const POINTS: [(&str, usize); 5] =
    [("0", 0), ("1", 1), ("half", SIZE / 2), ("all-but-one", SIZE - 1), ("all", SIZE)];

/// All faults that a job may meet.
pub fn faults(job: Job) -> Vec<Fault> {
    let mut faults = data(job);
    faults.extend(control(job));
    faults.extend(closing_down(job));
    faults.extend(refusals(job));
    faults.extend(counts(job));
    faults.extend(rubbish(job));
    faults.extend(late_refusals(job));
    faults.push(Fault {
        name: "leaves/behind-226".into(),
        lines: vec![format!("fault on {} {{nth}}: leave", job.verb())],
        once: Must::Survive,
        always: Some(Must::Survive),
    });
    faults.push(Fault {
        name: "100-resets".into(),
        lines: vec![format!("fault on {} times 100 after 2500: reset data", job.verb())],
        once: Must::Survive,
        always: None,
    });
    faults
}

/// The data connection ends, breaks or stands still.
fn data(job: Job) -> Vec<Fault> {
    let verb = job.verb();
    let mut faults = Vec::new();
    for (point, after) in POINTS {
        let begun = format!("fault on {verb} {{nth}} after {after}");
        let cut = format!("fault on {verb} {{nth}}: final 426 cut");
        // A byte more each time is progress, if without end; nothing at all is none.
        let always = if after == 0 { Some(Must::BeTrue) } else { None };
        faults.push(Fault {
            name: format!("data-close-226/{point}"),
            lines: vec![format!("{begun}: close data")],
            once: Must::Survive,
            always,
        });
        faults.push(Fault {
            name: format!("data-close-426/{point}"),
            lines: vec![format!("{begun}: close data"), cut],
            once: Must::Survive,
            always,
        });
        faults.push(Fault {
            name: format!("data-reset/{point}"),
            lines: vec![format!("{begun}: reset data")],
            once: Must::Survive,
            always,
        });
        faults.push(Fault {
            name: format!("data-stall/{point}"),
            lines: vec![format!("{begun}: stall data")],
            once: Must::Survive,
            always: None,
        });
    }
    faults
}

/// The control connection ends.
fn control(job: Job) -> Vec<Fault> {
    let (verb, half) = (job.verb(), SIZE / 2);
    let mut faults = Vec::new();
    for harm in ["close control", "reset control"] {
        let name = harm.replace(' ', "-");
        let fault = |phase: &str, line: String, once, always| Fault {
            name: format!("{name}/{phase}"),
            lines: vec![line],
            once,
            always,
        };
        let fail = Some(Must::Fail);
        faults.extend([
            // A server that never let us in is more likely mistyped than away.
            fault("connect", format!("fault on connect {{nth}}: {harm}"), Must::BeTrue, fail),
            fault("login", format!("fault on PASS {{nth}}: {harm}"), Must::BeTrue, fail),
            fault("before-150", format!("fault on {verb} {{nth}}: {harm}"), Must::Survive, fail),
            fault(
                "half",
                format!("fault on {verb} {{nth}} after {half}: {harm}"),
                Must::Survive,
                None,
            ),
            fault(
                "before-226",
                format!("fault before reply 226 {{nth}}: {harm}"),
                Must::Survive,
                None,
            ),
        ]);
    }
    faults
}

/// 421 in every phase.
fn closing_down(job: Job) -> Vec<Fault> {
    let (verb, half) = (job.verb(), SIZE / 2);
    let reply = "421 Closing down.";
    let fault = |phase: &str, lines: Vec<String>, once, always| Fault {
        name: format!("421/{phase}"),
        lines,
        once,
        always,
    };
    let on = |verb: &str| vec![format!("fault on {verb} {{nth}}: reply {reply}")];
    vec![
        fault("greeting", on("connect"), Must::BeTrue, Some(Must::Fail)),
        fault("USER", on("USER"), Must::BeTrue, Some(Must::Fail)),
        fault("PASS", on("PASS"), Must::BeTrue, Some(Must::Fail)),
        fault("TYPE", on("TYPE"), Must::BeTrue, Some(Must::Fail)),
        fault("EPSV", on("EPSV"), Must::BeTrue, Some(Must::BeTrue)),
        fault("SIZE", on("SIZE"), Must::BeTrue, None),
        fault("instead-of-150", on(verb), Must::Survive, Some(Must::Fail)),
        fault(
            "half",
            vec![
                format!("fault on {verb} {{nth}} after {half}: close data"),
                format!("fault on {verb} {{nth}}: final {reply}"),
            ],
            Must::Survive,
            None,
        ),
        fault(
            "instead-of-226",
            vec![format!("fault on {verb} {{nth}}: final {reply}")],
            Must::Survive,
            Some(Must::Survive),
        ),
    ]
}

/// The codes that a transfer may get.
fn refusals(job: Job) -> Vec<Fault> {
    let (verb, half) = (job.verb(), SIZE / 2);
    let mut faults = Vec::new();
    for code in [425, 426, 450, 451, 452, 550, 552, 553] {
        let passes = matches!(code, 425 | 426 | 450 | 451);
        let lost_word = matches!(code, 425 | 426);
        let must = |survives: bool| if survives { Must::Survive } else { Must::Fail };
        faults.push(Fault {
            name: format!("{code}/instead-of-150"),
            lines: vec![format!("fault on {verb} {{nth}}: reply {code} No.")],
            once: must(passes),
            always: Some(Must::Fail),
        });
        faults.push(Fault {
            name: format!("{code}/half"),
            lines: vec![
                format!("fault on {verb} {{nth}} after {half}: close data"),
                format!("fault on {verb} {{nth}}: final {code} No."),
            ],
            once: must(passes),
            always: None,
        });
        faults.push(Fault {
            name: format!("{code}/instead-of-226"),
            lines: vec![format!("fault on {verb} {{nth}}: final {code} No.")],
            once: if passes && !lost_word { Must::BeTrue } else { must(lost_word) },
            always: Some(must(lost_word)),
        });
    }
    faults
}

/// Uploads that are refused behind their 150, when nothing or a half of them was read: nothing is stored.
fn late_refusals(job: Job) -> Vec<Fault> {
    if job.is_download() {
        return Vec::new();
    }
    let fault = |name: &str, after: usize, how: &str| Fault {
        name: format!("refused-behind-150/{name}"),
        lines: vec![format!("fault on STOR {{nth}} after {after}: refuse {how}")],
        once: Must::Fail,
        always: Some(Must::Fail),
    };
    vec![
        fault("closed", 0, "550 EACCES: permission denied"),
        fault("reset", 0, "reset 553 No."),
        fault("half", SIZE / 2, "reset 452 disk full"),
    ]
}

/// Numbers that are wrong.
fn counts(job: Job) -> Vec<Fault> {
    let verb = job.verb();
    let opening = |count: usize| {
        vec![format!("fault on {verb} {{nth}}: opening 150 Here it comes ({count} bytes).")]
    };
    let fault = |name: &str, lines, once, always| Fault { name: name.into(), lines, once, always };
    let mut faults = vec![fault("announces-fewer", opening(SIZE - 100), Must::BeTrue, None)];
    if job.is_download() {
        faults.push(fault("announces-more", opening(SIZE + 100), Must::BeTrue, Some(Must::Fail)));
    } else {
        let size = |count: usize| vec![format!("fault on SIZE {{nth}}: reply 213 {count}")];
        // MLST tells another number, and that is the right one.
        let always = Some(Must::Survive);
        faults.push(fault("size-too-small", size(SIZE - 100), Must::Survive, always));
        faults.push(fault("size-too-large", size(SIZE + 100), Must::Survive, always));
    }
    faults
}

/// What is no reply, or too much of one.
fn rubbish(job: Job) -> Vec<Fault> {
    let verb = job.verb();
    let long = "x".repeat(256 * 1024);
    let mut faults = Vec::new();
    for (name, text) in
        [("garbage", "what do you mean?".to_owned()), ("256-KiB", format!("150 {long}"))]
    {
        faults.push(Fault {
            name: format!("{name}/instead-of-150"),
            lines: vec![format!("fault on {verb} {{nth}}: reply {text}")],
            once: Must::BeTrue,
            always: Some(Must::Fail),
        });
        faults.push(Fault {
            name: format!("{name}/instead-of-226"),
            lines: vec![format!("fault on {verb} {{nth}}: final {text}")],
            once: Must::BeTrue,
            always: Some(Must::BeTrue),
        });
    }
    faults
}
