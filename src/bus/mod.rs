//! The event bus over ZeroMQ: the only room that names `zmq`.
