//! Where the PE registers are inside the verilated model: the Verilator
//! configuration that keeps them visible, and the C++ that reaches them.

/// Verilator configuration file: a column is a function of its own, and because
/// its ports keep their own variables, one that all columns share, which fits
/// the processor's instruction cache whatever the size of the array. The PE
/// registers stay accessible, so that faults can be written into them; as
/// readable only, because Verilator would evaluate more for writable ones, and
/// those who read them are clocked. The RTL itself carries no trace of this.
pub(super) const VISIBILITY: &str = "\
`verilator_config
no_inline -module \"drift_column\"
public_flat_rw -module \"drift_column\" -var \"west_i\"
public_flat_rw -module \"drift_column\" -var \"weight_i\"
public_flat_rd -module \"drift_column\" -var \"drain_addr_i\"
public_flat_rd -module \"drift_column\" -var \"sum_o\"
public_flat_rd -module \"drift_column\" -var \"drain_data_o\"
public_flat_rd -module \"drift_column\" -var \"east_o\"
public_flat_rd -module \"drift_pe_column\" -var \"weight_q\"
public_flat_rd -module \"drift_pe_column\" -var \"psum_q\"
";

/// As [`VISIBILITY`], for output-stationary arrays, whose only strip is a function of its own.
pub(super) const VISIBILITY_OS: &str = "\
`verilator_config
public_flat_rw -module \"drift_os_strip\" -var \"state_q\"
public_flat_rw -module \"drift_os_strip\" -var \"psum_q\"
no_inline -module \"drift_os_strip\"
";

/// C++ header with the accessors that `sim/drift_sim.cpp` calls; the layout is
/// that of `drift_pe_column.sv` or `drift_os_strip.sv`.
pub(super) const ACCESSORS: &str = include_str!("../../sim/drift_registers.h");

/// C++ header with the numbers of all columns, for [`ACCESSORS`].
pub(super) fn columns_header(lanes: usize) -> String {
    let calls: String = (0..lanes).map(|c| format!(" COLUMN_({c})")).collect();
    format!("#define DRIFT_EVERY_COLUMN(COLUMN_){calls}\n")
}

/// Header of a column's class.
pub(super) const COLUMN_CLASS: &str = "Vdrift_drift_column.h";

/// The header of a column's class with its vectors and arrays on boundaries of cache lines: the
/// processor's vector instructions then touch one line each, not two.
pub(super) fn aligned(header: &str) -> String {
    const VECTORS: [&str; 4] = ["VlUnpacked<", "VlWide<", "VL_INW(", "VL_OUTW("];
    let line = |line: &str| {
        let declaration = line.trim_start();
        let indent = &line[..line.len() - declaration.len()];
        if VECTORS.iter().any(|start| declaration.starts_with(start)) {
            format!("{indent}alignas(64) {declaration}\n")
        } else {
            format!("{line}\n")
        }
    };
    header.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn vectors_of_a_class_are_aligned_and_nothing_else_is() {
        let header = "class A {\n    VL_IN8(clk_i,0,0);\n    VL_INW(west_i,95,0,3);\n  \
                      VlUnpacked<IData/*31:0*/, 3> psum_q;\n    IData south_q;\n};\n";
        let expected = "class A {\n    VL_IN8(clk_i,0,0);\n    alignas(64) VL_INW(west_i,95,0,3);\n  \
                        alignas(64) VlUnpacked<IData/*31:0*/, 3> psum_q;\n    IData south_q;\n};\n";
        assert_eq!(super::aligned(header), expected);
        assert_eq!(
            super::columns_header(3),
            "#define DRIFT_EVERY_COLUMN(COLUMN_) COLUMN_(0) COLUMN_(1) COLUMN_(2)\n"
        );
    }
}
