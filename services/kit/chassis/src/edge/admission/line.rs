//! Those who wait before a gate.

use std::collections::VecDeque;

use vocab::TenantId;

use crate::contract::Priority;

/// A bounded line. Classes go in their order; within a class the newest goes first, because who has
/// waited longest is the likeliest to have given up.
#[derive(Debug)]
pub(super) struct Line<T> {
    classes: [VecDeque<Waiting<T>>; 4],
    most: usize,
}

#[derive(Debug)]
struct Waiting<T> {
    tenant: TenantId,
    ticket: T,
}

impl<T: Gone> Line<T> {
    pub fn of(most: usize) -> Self {
        Self {
            classes: Default::default(),
            most,
        }
    }

    /// Joins the line; false if it is full of others who are as urgent. Who is less urgent makes
    /// room.
    pub fn join(&mut self, tenant: TenantId, priority: Priority, ticket: T) -> bool {
        if self.len() >= self.most {
            self.classes
                .iter_mut()
                .for_each(|class| class.retain(|it| !it.ticket.is_gone()));
        }
        if self.len() >= self.most && !self.shed(priority) {
            return false;
        }
        if let Some(class) = self.classes.get_mut(place(priority)) {
            class.push_back(Waiting { tenant, ticket });
        }
        true
    }

    /// The next who may go in. A tenant without room waits while others do.
    pub fn next(&mut self, has_room: impl Fn(TenantId) -> bool) -> Option<(TenantId, T)> {
        let mut tenants = self.classes.iter().flatten().map(|it| it.tenant);
        let first = tenants.next()?;
        let alone = tenants.all(|it| it == first);
        self.classes.iter_mut().find_map(|class| {
            let newest = class.iter().rposition(|it| alone || has_room(it.tenant))?;
            class.remove(newest).map(|it| (it.tenant, it.ticket))
        })
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.classes.iter().map(VecDeque::len).sum()
    }

    /// Turns away the one who waits longest in the least urgent class behind this one.
    fn shed(&mut self, priority: Priority) -> bool {
        let behind = self.classes.iter_mut().skip(place(priority) + 1).rev();
        let mut behind = behind.filter(|class| !class.is_empty());
        behind.next().and_then(VecDeque::pop_front).is_some()
    }
}

/// Something whose owner may have gone.
pub(super) trait Gone {
    /// Whether nobody waits for it any more.
    fn is_gone(&self) -> bool;
}

impl<T> Gone for tokio::sync::oneshot::Sender<T> {
    fn is_gone(&self) -> bool {
        self.is_closed()
    }
}

fn place(priority: Priority) -> usize {
    match priority {
        Priority::Checkout => 0,
        Priority::Operate => 1,
        Priority::Browse => 2,
        Priority::Report => 3,
    }
}
