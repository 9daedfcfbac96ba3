//! The whole stack as people use it: the binary, real Postgres and NATS, folders of its own.

#[cfg(test)]
mod bed;
#[cfg(test)]
mod elsewhere;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod findings;
#[cfg(test)]
mod life;
#[cfg(test)]
mod pair;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod survival;
#[cfg(test)]
mod users;
