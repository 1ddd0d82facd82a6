// Types.
package drift_pkg;
  typedef logic signed [7:0] operand_t;
  typedef logic signed [31:0] psum_t;
  typedef struct packed { logic valid; operand_t data; } lane_t;
endpackage
