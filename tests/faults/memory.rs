//! What a peer can make our ends allocate. Every test has a runtime on its own
//! thread, and only that thread's allocations are counted.

use std::time::Duration;

use allocation_counter::{AllocationInfo, measure};
use futures_util::future;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use wirechat::net::{AcceptOptions, WebSocket, accept_with};
use wirechat::proto::{Config, Connection, Event, Limits, Role};
use wirechat::server::ServerConfig;

use crate::ends::{connected, serve};
use crate::peer::Peer;
use crate::wire::{BINARY, CONTINUATION, FIN, PING, PONG, begun, frame, head};
