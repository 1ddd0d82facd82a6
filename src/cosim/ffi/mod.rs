//! The only unsafe code of co-simulation: loading verilated models and calling
//! their C ABIs.
#![allow(unsafe_code)]

mod engine;
mod pins;

pub use engine::{Model, Simulator};
pub(super) use pins::Pins;

use std::ffi::c_void;

type New = unsafe extern "C" fn() -> *mut c_void;
type OnModel = unsafe extern "C" fn(*mut c_void);
