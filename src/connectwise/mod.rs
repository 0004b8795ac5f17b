//! The ConnectWise PSA REST client: authentication, paging, pace, retry, and wire types into domain types.
