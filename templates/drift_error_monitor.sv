{{ banner }}
// Watches the flags of finished tiles over windows of a fixed number of tiles, and says by how many points the
// schedule is to be moved towards nominal:
//   - a window with more flagged lines than high_limit_i moves one point towards nominal;
//   - patience_i windows in a row with fewer than low_limit_i move one point back;
//   - as soon as a window has more than panic_limit_i, panic_o is latched until panic_clear_i. That window ends there,
//     and counts as one above the high limit.
// Between the two limits nothing moves: this is the hysteresis.
//
// Latency: bias_o and panic_o change in the cycle after the tile that decides.

`include "drift_assert.svh"

module drift_error_monitor (
  input  logic                               clk_i,
  input  logic                               rst_ni,

  // A tile is finished, with this many flagged rows and columns.
  input  logic                               tile_valid_i,
  input  logic [drift_pkg::FlagsWidth-1:0]  tile_flags_i,

  // Whether the bias moves; low resets it. Panics are independent of it.
  input  logic                               enable_i,
  // Tiles of a window; 0 counts as 1.
  input  logic [15:0]                        window_i,
  // Flagged lines of a window.
  input  logic [31:0]                        high_limit_i,
  input  logic [31:0]                        low_limit_i,
  input  logic [31:0]                        panic_limit_i,
  // Windows in a row; 0 counts as 1.
  input  logic [7:0]                         patience_i,
  input  logic                               panic_clear_i,

  // Points towards nominal: the point in effect is max(scheduled - bias, 0).
  output logic [2:0]                         bias_o,
  output logic                               panic_o,

  // Since reset: finished windows, steps towards nominal, steps back, and panics.
  output logic [drift_pkg::CountWidth-1:0]  windows_o,
  output logic [drift_pkg::CountWidth-1:0]  raises_o,
  output logic [drift_pkg::CountWidth-1:0]  lowers_o,
  output logic [drift_pkg::CountWidth-1:0]  panics_o
);

  // The present window: finished tiles and their flags. At most 2**16 tiles have at most 2**10 flags each.
  logic [15:0] tiles_q;
  logic [31:0] flags_q, flags;
  logic [7:0]  calm_q, calm_d;
  logic [2:0]  bias_q, bias_d;
  logic        panic_q, panic, window_end, raise, lower;

  logic [drift_pkg::CountWidth-1:0] windows_q, raises_q, lowers_q, panics_q;

  assign flags      = flags_q + 32'(tile_flags_i);
  assign panic      = tile_valid_i && (flags > panic_limit_i);
  assign window_end = panic || (tile_valid_i && ((17'(tiles_q) + 17'd1) >= 17'(window_i)));

  always_comb begin
    calm_d = calm_q;
    raise  = 1'b0;
    lower  = 1'b0;
    if (!enable_i) begin
      calm_d = '0;
    end else if (window_end) begin
      calm_d = '0;
      if (panic || (flags > high_limit_i)) begin
        raise = bias_q != 3'd7;
      end else if ((flags < low_limit_i) && (bias_q != 3'd0)) begin
        if ((9'(calm_q) + 9'd1) >= 9'(patience_i)) begin
          lower = 1'b1;
        end else begin
          calm_d = calm_q + 1'b1;
        end
      end
    end
  end

  always_comb begin
    bias_d = bias_q;
    if (!enable_i) begin
      bias_d = '0;
    end else if (raise) begin
      bias_d = bias_q + 1'b1;
    end else if (lower) begin
      bias_d = bias_q - 1'b1;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      tiles_q <= '0;
      flags_q <= '0;
      calm_q  <= '0;
      bias_q  <= '0;
      panic_q <= 1'b0;
    end else begin
      calm_q  <= calm_d;
      bias_q  <= bias_d;
      panic_q <= panic || (panic_q && !panic_clear_i);
      if (window_end) begin
        tiles_q <= '0;
        flags_q <= '0;
      end else if (tile_valid_i) begin
        tiles_q <= tiles_q + 1'b1;
        flags_q <= flags;
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      windows_q <= '0;
      raises_q  <= '0;
      lowers_q  <= '0;
      panics_q  <= '0;
    end else if (window_end) begin
      windows_q <= windows_q + 1'b1;
      if (raise) begin
        raises_q <= raises_q + 1'b1;
      end
      if (lower) begin
        lowers_q <= lowers_q + 1'b1;
      end
      // A panic while one is latched, and not just being cleared, is the same one.
      if (panic && (!panic_q || panic_clear_i)) begin
        panics_q <= panics_q + 1'b1;
      end
    end
  end

  assign bias_o    = bias_q;
  assign panic_o   = panic_q;
  assign windows_o = windows_q;
  assign raises_o  = raises_q;
  assign lowers_o  = lowers_q;
  assign panics_o  = panics_q;

  // The bias moves in one direction at a time, and only while it may.
  `DRIFT_ASSERT(OneDirection, !(raise && lower), clk_i, rst_ni)
  `DRIFT_ASSERT(BiasOnlyEnabled, $past(enable_i) || (bias_q == '0), clk_i, rst_ni)

endmodule : drift_error_monitor
