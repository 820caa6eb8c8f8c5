//! What a watch queues, and every order in which things can happen to one.

mod explore;
mod requests;
