//! The whole stack as people use it: the binary, real Postgres and NATS, folders of its own.

#[cfg(test)]
mod bed;
#[cfg(test)]
mod cancels;
#[cfg(test)]
mod crossing;
#[cfg(test)]
mod elsewhere;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod findings;
#[cfg(test)]
mod flash_sale;
#[cfg(test)]
mod fleet;
#[cfg(test)]
mod frugal;
#[cfg(test)]
mod gauges;
#[cfg(test)]
mod judge;
#[cfg(test)]
mod life;
#[cfg(test)]
mod replicas;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod signals;
#[cfg(test)]
mod strangers;
#[cfg(test)]
mod survival;
#[cfg(test)]
mod tallies;
#[cfg(test)]
mod trio;
#[cfg(test)]
mod twin;
#[cfg(test)]
mod users;
#[cfg(test)]
mod work;
