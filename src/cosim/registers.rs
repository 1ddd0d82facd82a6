//! Where the PE registers are inside the verilated model: the Verilator
//! configuration that keeps them visible, and the C++ that reaches them.

/// Verilator configuration file: the PE registers stay accessible, so that
/// faults can be written into them, and a strip is a function of its own, which
/// the C++ compiler vectorises better than one large function of the whole
/// engine. The RTL itself carries no trace of this.
pub(super) const VISIBILITY: &str = "\
`verilator_config
public_flat_rw -module \"drift_pe_strip\" -var \"state_q\"
public_flat_rw -module \"drift_pe_strip\" -var \"psum_q\"
no_inline -module \"drift_pe_strip\"
";

/// As [`VISIBILITY`], for output-stationary arrays.
pub(super) const VISIBILITY_OS: &str = "\
`verilator_config
public_flat_rw -module \"drift_os_strip\" -var \"state_q\"
public_flat_rw -module \"drift_os_strip\" -var \"psum_q\"
no_inline -module \"drift_os_strip\"
";

/// C++ header with the accessors that `sim/drift_sim.cpp` calls; the layout is
/// that of `drift_pe_strip.sv` or `drift_os_strip.sv`.
pub(super) const ACCESSORS: &str = include_str!("../../sim/drift_registers.h");
