//! How facts leave a service and how others follow them.
