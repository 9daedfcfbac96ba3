//! Every write of a service: queued, decided, recorded and answered in one place.
