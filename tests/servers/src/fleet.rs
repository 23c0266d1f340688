//! Every server and variant the cases run against, by name.

use crate::{
    brand::Brand,
    server::{Ground, Server, Tls},
};

/// One server to be tested.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    /// Its name on the command line and in failures.
    pub name: &'static str,
    brand: Brand,
    tls: Tls,
    /// How many connections it takes from one address.
    most: Option<u32>,
}

/// All of them. The embedded server has no TLS: libunftp 0.24 reads what follows `AUTH TLS` as a command
/// in one login of twenty, and answers it in clear. A name without a dash selects every variant of that server.
/// Those that take longest come first: ProFTPD sleeps for 0.4 s whenever a session has ended.
pub const FLEET: &[Variant] = &[
    crowded("proftpd-crowded", Brand::Proftpd),
    Variant { name: "proftpd-plain", brand: Brand::Proftpd, tls: Tls::Off, most: None },
    Variant { name: "proftpd-tls", brand: Brand::Proftpd, tls: Tls::Any, most: None },
    Variant { name: "proftpd-tls12-reuse", brand: Brand::Proftpd, tls: Tls::V12, most: None },
    Variant { name: "proftpd-tls13-reuse", brand: Brand::Proftpd, tls: Tls::V13, most: None },
    crowded("vsftpd-crowded", Brand::Vsftpd),
    crowded("pureftpd-crowded", Brand::PureFtpd),
    crowded("pyftpdlib-crowded", Brand::Pyftpdlib),
    Variant { name: "pyftpdlib-plain", brand: Brand::Pyftpdlib, tls: Tls::Off, most: None },
    Variant { name: "pyftpdlib-tls", brand: Brand::Pyftpdlib, tls: Tls::Any, most: None },
    Variant { name: "embedded-plain", brand: Brand::Embedded, tls: Tls::Off, most: None },
    Variant { name: "vsftpd-plain", brand: Brand::Vsftpd, tls: Tls::Off, most: None },
    Variant { name: "vsftpd-tls12", brand: Brand::Vsftpd, tls: Tls::V12, most: None },
    Variant { name: "vsftpd-tls13-reuse", brand: Brand::Vsftpd, tls: Tls::V13, most: None },
    Variant { name: "vsftpd-implicit", brand: Brand::Vsftpd, tls: Tls::Implicit, most: None },
    Variant { name: "pureftpd-plain", brand: Brand::PureFtpd, tls: Tls::Off, most: None },
    Variant { name: "pureftpd-tls", brand: Brand::PureFtpd, tls: Tls::Any, most: None },
];

/// One that has room for two sessions of ours.
const fn crowded(name: &'static str, brand: Brand) -> Variant {
    Variant { name, brand, tls: Tls::Off, most: Some(2) }
}

impl Variant {
    /// Whether `wanted` is this variant or its server.
    pub fn is(&self, wanted: &str) -> bool {
        self.name == wanted || self.name.split_once('-').is_some_and(|(brand, _)| brand == wanted)
    }

    /// Starts the server and its peer.
    ///
    /// # Errors
    /// Why one of them did not come up.
    pub fn start(&self, ground: &Ground<'_>) -> Result<Server, String> {
        let ground = Ground { most: self.most, ..*ground };
        let mut server = Server::start(self.brand, self.tls, &ground)?;
        // To a server it is a stranger's address, as it would be on another machine.
        let abroad = Ground { address: "127.0.0.2", ..ground };
        server.peer = Some(Box::new(Server::start(self.brand, self.tls, &abroad)?));
        if self.brand == Brand::Pyftpdlib {
            // It connects when it gets the PORT, so as a destination it needs its bytes through us.
            let other = Server::start(Brand::Proftpd, self.tls, &abroad)?;
            server.receiver = Some(Box::new(other));
        }
        Ok(server)
    }
}
