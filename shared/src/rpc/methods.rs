//! The methods of the public services, each by its request, read from the contract by the build. The macros
//! `serve_command_service!` and `serve_query_service!` implement a whole service by one function that is generic over
//! the request: what is done for every method is done in one place, and a method that nobody handles does not compile.

/// A method of a service, named by its request.
pub trait Method: prost::Message + Default {
    /// The name in the contract, such as `CreatePost`.
    const NAME: &'static str;
    type Response: prost::Message + Default;
}

include!(concat!(env!("OUT_DIR"), "/methods.rs"));
