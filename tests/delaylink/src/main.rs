//! `delaylink NS_A ADDR_A NS_B ADDR_B ONE_WAY_MS [RATE_MBIT]`: joins two network namespaces by a link
//! with latency and, if wished, a rate, for kernels without `netem`. Runs until it is killed.
//!
//! It makes a TUN device `dl0` in each (existing) namespace, gives it its address with a /24, and carries
//! packets between the two. It loses packets only when the queue is full. It needs root.

use std::{
    env,
    fs::File,
    io::{Read, Write},
    net::Ipv4Addr,
    os::fd::AsFd,
    path::Path,
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

const MTU: u16 = 1500;

/// Packets under way in one direction: at 10 ms more than 4 GB/s.
const QUEUE: usize = 1 << 15;

/// With a rate, what would wait longer than this is dropped, as a router does.
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// A packet and the time when it arrives.
type Flying = (Instant, Vec<u8>);

/// How the link treats packets, the same in both directions.
#[derive(Clone, Copy)]
struct Manner {
    delay: Duration,
    /// Bits a second; 0 is no limit.
    rate: f64,
}

fn main() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let (here, there, rest) = match args.as_slice() {
        [ns_a, addr_a, ns_b, addr_b, rest @ ..] => ((ns_a, addr_a), (ns_b, addr_b), rest),
        _ => bail!("usage: delaylink NS_A ADDR_A NS_B ADDR_B ONE_WAY_MS [RATE_MBIT]"),
    };
    let manner = manner(rest)?;
    let (from_here, to_here) = open_tun(here.0, here.1)?.split();
    let (from_there, to_there) = open_tun(there.0, there.1)?.split();
    thread::scope(|scope| {
        let there = scope.spawn(move || carry(from_here, to_there, manner));
        let here = scope.spawn(move || carry(from_there, to_here, manner));
        match (there.join(), here.join()) {
            (Ok(Err(error)), _) | (_, Ok(Err(error))) => Err(error),
            _ => bail!("the link broke"),
        }
    })
}

fn manner(args: &[String]) -> Result<Manner> {
    let (delay, rate) = match args {
        [delay] => (delay.as_str(), "0"),
        [delay, rate] => (delay.as_str(), rate.as_str()),
        _ => bail!("delaylink wants a delay in ms and at most a rate in Mbit/s"),
    };
    let number = |text: &str| text.parse::<f64>().with_context(|| text.to_owned());
    let delay = Duration::try_from_secs_f64(number(delay)? / 1000.0)?;
    Ok(Manner { delay, rate: number(rate)? * 1e6 })
}

/// Makes `dl0` in a namespace. This thread stays there, which matters to nothing else it does.
fn open_tun(namespace: &str, address: &str) -> Result<tun::Device> {
    let path = Path::new("/run/netns").join(namespace);
    let handle = File::open(&path).with_context(|| path.display().to_string())?;
    move_into_link_name_space(handle.as_fd(), Some(LinkNameSpaceType::Network))?;
    let address: Ipv4Addr = address.parse().with_context(|| address.to_owned())?;
    let mut device = tun::Configuration::default();
    device.tun_name("dl0").address(address).netmask((255, 255, 255, 0)).mtu(MTU).up();
    tun::create(&device).with_context(|| format!("dl0 in {namespace}"))
}

/// One direction: a thread takes packets in and stamps them, this one delivers them when they are due.
fn carry(mut from: impl Read + Send, mut to: impl Write, manner: Manner) -> Result<()> {
    let (queue, flying) = sync_channel(QUEUE);
    thread::scope(|scope| {
        let taker = scope.spawn(move || take_in(&mut from, &queue, manner));
        deliver(&mut to, &flying);
        taker.join().unwrap_or_else(|_| bail!("the link broke"))
    })
}

fn take_in(from: &mut impl Read, queue: &SyncSender<Flying>, manner: Manner) -> Result<()> {
    let mut packet = [0; MTU as usize];
    let mut free = Instant::now();
    loop {
        let length = from.read(&mut packet)?;
        let now = Instant::now();
        free = free.max(now);
        if free - now > LONGEST_WAIT {
            continue;
        }
        if manner.rate > 0.0 {
            free += Duration::from_secs_f64(length as f64 * 8.0 / manner.rate);
        }
        let bytes = packet.get(..length).unwrap_or_default().to_vec();
        match queue.try_send((free + manner.delay, bytes)) {
            Ok(()) | Err(TrySendError::Full(_)) => {}
            Err(TrySendError::Disconnected(_)) => return Ok(()),
        }
    }
}

fn deliver(to: &mut impl Write, flying: &Receiver<Flying>) {
    for (due, packet) in flying {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        // A device that is down, or full, loses packets; TCP sends them again.
        let _ = to.write_all(&packet);
    }
}
