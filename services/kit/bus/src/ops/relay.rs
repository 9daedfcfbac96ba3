//! How the service's events get to the broker, as the database and the last look tell.

use chassis::fault::Fault;
use contracts::ops as pb;

use super::Ops;
use super::times::{age, timestamp, timestamp_ns};
use crate::provision::stream_of;
use crate::relay::{Cause, Observed, Rewound, Status, behind, status};

impl Ops {
    /// Returns how far publishing has come.
    pub async fn relay_status(
        &self,
        message: pb::GetRelayStatusRequest,
    ) -> Result<pb::GetRelayStatusResponse, Fault> {
        self.here(&message.service)?;
        let context = self.parts().publish.context();
        let status = status(&self.parts().log, context)
            .await
            .map_err(journal::fault)?;
        let mut connection = self.of_log().await?;
        let behind = behind(&mut connection).await.map_err(journal::fault)?;
        let now = self.now().await?;
        let relay_status = Some(pb::RelayStatus {
            service: self.parts().service.to_owned(),
            state: state_of(&status).into(),
            leader: status.leader.clone().repeat(usize::from(status.led)),
            epoch: status.epoch,
            lead_time: timestamp(status.led_at),
            position: status.position,
            lag: behind.lag,
            lag_age: age(behind.oldest_at, now),
            acknowledged_sequence: status.acknowledged_sequence,
            acknowledge_time: timestamp(status.acknowledged_at),
            stream: Some(stream(context, &status.observed)),
            last_rewind: rewind(&status.rewound),
            rewind_count: status.rewind_count,
            ..pb::RelayStatus::default()
        });
        Ok(pb::GetRelayStatusResponse { relay_status })
    }
}

fn state_of(status: &Status) -> pb::RelayState {
    match status.state.as_str() {
        _ if !status.led => pb::RelayState::Leaderless,
        "publishing" => pb::RelayState::Publishing,
        "rewinding" => pb::RelayState::Rewinding,
        _ => pb::RelayState::Waiting,
    }
}

fn stream(context: &str, observed: &Observed) -> pb::RelayStream {
    let state = match observed.stream_state.as_str() {
        "healthy" => pb::StreamState::Healthy,
        "filling" => pb::StreamState::Filling,
        "went_back" => pb::StreamState::WentBack,
        "missing" => pb::StreamState::Missing,
        _ => pb::StreamState::Unreachable,
    };
    pb::RelayStream {
        name: stream_of(context),
        state: state.into(),
        first_sequence: observed.stream_first_sequence,
        last_sequence: observed.stream_last_sequence,
        size_bytes: observed.stream_bytes,
        max_bytes: observed.stream_bytes_max,
        create_time: timestamp_ns(observed.stream_created_ns),
        observe_time: timestamp(observed.observed_at),
    }
}

fn rewind(rewound: &Rewound) -> Option<pb::RelayRewind> {
    let cause = match Cause::of_name(&rewound.rewind_cause)? {
        Cause::StreamRecreated => pb::RewindCause::StreamRecreated,
        Cause::SequenceWentBack => pb::RewindCause::SequenceWentBack,
        Cause::AcknowledgedTwice => pb::RewindCause::AcknowledgedTwice,
        Cause::HistoryRaised => pb::RewindCause::HistoryRaised,
    };
    Some(pb::RelayRewind {
        cause: cause.into(),
        start_time: timestamp(rewound.rewind_began_at),
        end_time: timestamp(rewound.rewind_ended_at),
        found_sequence: rewound.rewind_found_sequence,
        acknowledged_sequence: rewound.rewind_acknowledged_sequence,
        event_count: rewound.rewind_event_count,
    })
}
