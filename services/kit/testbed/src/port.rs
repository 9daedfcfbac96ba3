//! Ports by the kernel's choice, kept from everybody else until a server takes them.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpSocket;

use crate::error::{Error, Trying};

/// A port of this machine that no other program is given.
pub struct Port {
    address: SocketAddr,
    /// Bound and never listening. On Linux a server that reuses addresses, as both of ours do,
    /// may listen on the same port, and nobody is offered it, not even while the server is down.
    _reservation: Option<TcpSocket>,
}

impl Port {
    /// Takes a free port.
    pub fn reserve() -> Result<Self, Error> {
        let bind = || {
            let socket = TcpSocket::new_v4()?;
            socket.set_reuseaddr(true)?;
            socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
            let address = socket.local_addr()?;
            let reservation = cfg!(target_os = "linux").then_some(socket);
            Ok::<_, std::io::Error>(Self {
                address,
                _reservation: reservation,
            })
        };
        bind().trying(|| "reserve a port".to_owned())
    }

    /// Returns where a server on this port is reached.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::TcpListener;

    use super::Port;

    #[test]
    fn a_reserved_port_is_there_for_a_server_and_for_nobody_by_chance() {
        let port = Port::reserve().unwrap();
        for _ in 0..2 {
            let server = TcpListener::bind(port.address()).unwrap();
            drop(server);
        }
        let by_chance: Vec<_> = (0..500)
            .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
            .collect();
        let taken = |it: &TcpListener| it.local_addr().unwrap() == port.address();
        assert!(!by_chance.iter().any(taken));
    }
}
