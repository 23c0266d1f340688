//! Five hundred small files over a link with a round-trip time of 20 ms: down, up and removed, over
//! one connection and over eight.

use servers::server::Server;

use crate::{
    contest::{Contender, Contest, Proof, by},
    lab::{self, FILES, Lab, Link, ONE_WAY_MS},
    place::Place,
    stage::Stage,
};

const GET_ONE: &[Contender] = &[
    by("ftp-get", "ftp-get", "ftp-get -d out --base $A/many/ -T names"),
    by("ftp-get -R", "ftp-get", "ftp-get -R -d out $A/many/."),
    by("curl", "curl", "curl -s -u $LOGIN \"$A/many/f[001-500]\" -o \"out/f#1\""),
    by(
        "wget",
        "wget",
        "wget -q -r -l1 -nH -nd -P out --user=$FTP_USER --password=$FTP_PASSWORD $A/many/",
    ),
    by(
        "ncftp",
        "ncftpget",
        "ncftpget -V -u $FTP_USER -p $FTP_PASSWORD -P $A_PORT $A_HOST out 'many/*'",
    ),
    by("lftp", "lftp", "lftp -c \"open -u $FTP_USER,$FTP_PASSWORD $A && mget -O out many/*\""),
    by(
        "lftp, sync-mode off",
        "lftp",
        "lftp -c \"set ftp:sync-mode off; open -u $FTP_USER,$FTP_PASSWORD $A && mget -O out many/*\"",
    ),
    by("python ftplib", "python3", "$PYTHON peer.py get-all $A_HOST $A_PORT many out"),
];

const GET_EIGHT: &[Contender] = &[
    by("ftp-get -P 8", "ftp-get", "ftp-get -P 8 -d out --base $A/many/ -T names"),
    by("ftp-get -P 8 -R", "ftp-get", "ftp-get -P 8 -R -d out $A/many/."),
    by(
        "curl -Z",
        "curl",
        "curl -s -Z --parallel-max 8 -u $LOGIN \"$A/many/f[001-500]\" -o \"out/f#1\" 2>/dev/null",
    ),
    by(
        "lftp mirror",
        "lftp",
        "lftp -c \"open -u $FTP_USER,$FTP_PASSWORD $A && mirror --parallel=8 many out\"",
    ),
    by(
        "lftp mirror, sync-mode off",
        "lftp",
        "lftp -c \"set ftp:sync-mode off; open -u $FTP_USER,$FTP_PASSWORD $A && mirror --parallel=8 many out\"",
    ),
    by("rclone", "rclone", "rclone copy -q --transfers 8 a:many out"),
    by(
        "aria2",
        "aria2c",
        "aria2c -q -j8 -d out --ftp-user=$FTP_USER --ftp-passwd=$FTP_PASSWORD -i urls",
    ),
];

const PUT_ONE: &[Contender] = &[
    by("ftp-put", "ftp-put", "ftp-put many/* $A/up/"),
    by("curl", "curl", "curl -s -u $LOGIN -T \"many/f[001-500]\" $A/up/"),
    by(
        "ncftp",
        "ncftpput",
        "ncftpput -V -u $FTP_USER -p $FTP_PASSWORD -P $A_PORT $A_HOST up many/*",
    ),
    by("lftp", "lftp", "lftp -c \"open -u $FTP_USER,$FTP_PASSWORD $A && mput -O up many/*\""),
    by(
        "lftp, sync-mode off",
        "lftp",
        "lftp -c \"set ftp:sync-mode off; open -u $FTP_USER,$FTP_PASSWORD $A && mput -O up many/*\"",
    ),
    by("python ftplib", "python3", "$PYTHON peer.py put-all $A_HOST $A_PORT many up"),
];

const PUT_EIGHT: &[Contender] = &[
    by("ftp-put -P 8", "ftp-put", "ftp-put -P 8 many/* $A/up/"),
    by(
        "curl -Z",
        "curl",
        "curl -s -Z --parallel-max 8 -u $LOGIN -T \"many/f[001-500]\" $A/up/ 2>/dev/null",
    ),
    by(
        "lftp mirror",
        "lftp",
        "lftp -c \"open -u $FTP_USER,$FTP_PASSWORD $A && mirror -R --parallel=8 many up\"",
    ),
    by(
        "lftp mirror, sync-mode off",
        "lftp",
        "lftp -c \"set ftp:sync-mode off; open -u $FTP_USER,$FTP_PASSWORD $A && mirror -R --parallel=8 many up\"",
    ),
    by("rclone", "rclone", "rclone copy -q --transfers 8 many a:up 2>/dev/null"),
];

const RM_ONE: &[Contender] = &[
    by("ftp-rm", "ftp-rm", "ftp-rm --base $A/many/ -T names"),
    by("curl", "curl", "curl -s -u $LOGIN -l -K dele0 $A/"),
    by("lftp", "lftp", "lftp -c \"open -u $FTP_USER,$FTP_PASSWORD $A && mrm many/*\""),
    by(
        "lftp, sync-mode off",
        "lftp",
        "lftp -c \"set ftp:sync-mode off; open -u $FTP_USER,$FTP_PASSWORD $A && mrm many/*\"",
    ),
    by("python ftplib", "python3", "$PYTHON peer.py rm-all $A_HOST $A_PORT many"),
];

const RM_EIGHT: &[Contender] = &[
    by("ftp-rm -P 8", "ftp-rm", "ftp-rm -P 8 --base $A/many/ -T names"),
    by("rclone", "rclone", "rclone delete -q --checkers 8 --transfers 8 a:many"),
    by(
        "eight curls",
        "curl",
        "printf '%s\\n' 1 2 3 4 5 6 7 8 | xargs -P 8 -I@ curl -s -u $LOGIN -l -K dele@ $A/",
    ),
];

/// Fetches them.
///
/// # Errors
/// It cannot be set up, or a contender fails.
pub fn get(place: &Place) -> Result<(), String> {
    let task = "500 files of 4 KiB down, 20 ms round trip, vsftpd";
    on_server(place, |stage, server| {
        lab::plant(&server.root, "many")?;
        let proof = || lab::is_planted(&place.here, "out");
        let reset = || lab::clear(&place.here, "out");
        let pair = [("get-500-one", GET_ONE), ("get-500-eight", GET_EIGHT)];
        both(stage, task, pair, (&reset, &proof))
    })
}

/// Stores them.
///
/// # Errors
/// It cannot be set up, or a contender fails.
pub fn put(place: &Place) -> Result<(), String> {
    let task = "500 files of 4 KiB up, 20 ms round trip, vsftpd";
    on_server(place, |stage, server| {
        lab::plant(&place.here, "many")?;
        let proof = || lab::is_planted(&server.root, "up");
        let reset = || lab::clear(&server.root, "up");
        let pair = [("put-500-one", PUT_ONE), ("put-500-eight", PUT_EIGHT)];
        both(stage, task, pair, (&reset, &proof))
    })
}

/// Removes them.
///
/// # Errors
/// It cannot be set up, or a contender fails.
pub fn remove(place: &Place) -> Result<(), String> {
    let task = "500 files removed, 20 ms round trip, vsftpd";
    on_server(place, |stage, server| {
        let proof = || lab::holds(&server.root, "many", 0);
        let reset = || lab::plant(&server.root, "many");
        let pair = [("rm-500-one", RM_ONE), ("rm-500-eight", RM_EIGHT)];
        both(stage, task, pair, (&reset, &proof))
    })
}

/// What is done before a run, and what must hold after it.
type Ends<'a> = (&'a dyn Fn() -> Result<(), String>, &'a dyn Fn() -> Result<(), String>);

/// Over one connection and over eight.
fn both(
    stage: &Stage<'_>,
    task: &str,
    pair: [(&'static str, &[Contender]); 2],
    (reset, proof): Ends<'_>,
) -> Result<(), String> {
    for ((key, contenders), lanes) in pair.into_iter().zip(["one connection", "eight connections"])
    {
        let contest = Contest {
            key,
            task: &format!("{task}, {lanes}"),
            bytes: None,
            around: "{}",
            contenders,
            reset,
            proof: Proof::Leaves(proof),
            notes: &[],
        };
        contest.run(stage)?;
    }
    Ok(())
}

fn on_server(
    place: &Place,
    work: impl FnOnce(&Stage<'_>, &Server) -> Result<(), String>,
) -> Result<(), String> {
    let lab = Lab::new(place)?;
    let link = Link::new(place, ONE_WAY_MS)?;
    let server = lab.far(&link, None)?;
    write_lists(place, &server.url_at(servers::netns::SERVER, ""))?;
    // Waiting for the network differs little from run to run, and takes minutes.
    work(&link.stage(place, &server).at_most(3), &server)
}

/// The files' names in the forms that contenders read: plain, as URLs, and as commands for curl, all
/// at once and in eight parts.
fn write_lists(place: &Place, url: &str) -> Result<(), String> {
    let lines = |line: &dyn Fn(&str) -> String, part: usize| -> String {
        let numbers = (1..=FILES).filter(|number| part == 0 || number % 8 + 1 == part);
        numbers.map(|number| line(&lab::name(number)) + "\n").collect()
    };
    place.here.write("names", lines(&str::to_owned, 0))?;
    place.here.write("urls", lines(&|name| format!("{url}/many/{name}"), 0))?;
    let delete = |name: &str| format!("quote = \"DELE many/{name}\"");
    (0..=8).try_for_each(|part| place.here.write(format!("dele{part}"), lines(&delete, part)))
}
