//! One gate: so many inside, so many waiting, and a fair order among them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use vocab::TenantId;

use super::line::Line;
use crate::contract::Priority;

/// Lets a bounded number of calls in. **Invariant:** every permit that was given is given back,
/// also when whoever waited for it has gone.
#[derive(Debug)]
pub(super) struct Gate {
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    inside: usize,
    tenants: HashMap<TenantId, usize>,
    line: Line<oneshot::Sender<Permit>>,
}

/// A place inside; dropping it gives it to whoever is next.
#[derive(Debug)]
pub(in super::super) struct Permit {
    /// Nothing once the place was given back in another way.
    gate: Option<Arc<Gate>>,
    tenant: TenantId,
}

impl Gate {
    pub fn new(capacity: usize, waiting_max: usize) -> Self {
        let state = State {
            inside: 0,
            tenants: HashMap::new(),
            line: Line::of(waiting_max),
        };
        Self {
            capacity,
            state: Mutex::new(state),
        }
    }

    /// Enters at once if there is room, and else waits so long; nothing if that was in vain.
    pub async fn enter(
        self: &Arc<Self>,
        tenant: TenantId,
        priority: Priority,
        wait: Duration,
    ) -> Option<Permit> {
        let promised = {
            let mut state = self.lock();
            if state.inside < self.capacity {
                state.enter(tenant);
                let gate = Some(Arc::clone(self));
                return Some(Permit { gate, tenant });
            }
            let (promise, promised) = oneshot::channel();
            if !state.line.join(tenant, priority, promise) {
                return None;
            }
            promised
        };
        tokio::time::timeout(wait, promised).await.ok()?.ok()
    }

    /// How many are inside or wait.
    pub fn held(&self) -> usize {
        let state = self.lock();
        state.inside + state.line.len()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the place of one who left to the next in line who is still there.
    fn leave(self: &Arc<Self>, tenant: TenantId) {
        let mut left = Some(tenant);
        loop {
            let next = {
                let mut state = self.lock();
                if let Some(tenant) = left.take() {
                    state.leave(tenant);
                }
                let half = self.capacity.div_ceil(2);
                let State { tenants, line, .. } = &mut *state;
                let has_room = |it: TenantId| tenants.get(&it).is_none_or(|held| *held < half);
                let next = line.next(has_room);
                if let Some((tenant, _)) = &next {
                    state.enter(*tenant);
                }
                next
            };
            let Some((tenant, promise)) = next else {
                return;
            };
            let gate = Some(Arc::clone(self));
            match promise.send(Permit { gate, tenant }) {
                Ok(()) => return,
                // It has gone. Its place is taken back here, not by the drop, which would recurse.
                Err(mut permit) => {
                    left = Some(permit.tenant);
                    permit.gate = None;
                }
            }
        }
    }

    #[cfg(test)]
    pub fn inside(&self) -> usize {
        self.lock().inside
    }
}

impl State {
    fn enter(&mut self, tenant: TenantId) {
        self.inside += 1;
        *self.tenants.entry(tenant).or_default() += 1;
    }

    fn leave(&mut self, tenant: TenantId) {
        self.inside = self.inside.saturating_sub(1);
        if let Some(held) = self.tenants.get_mut(&tenant) {
            *held = held.saturating_sub(1);
            if *held == 0 {
                self.tenants.remove(&tenant);
            }
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(gate) = self.gate.take() {
            gate.leave(self.tenant);
        }
    }
}
