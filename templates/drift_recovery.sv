{{ banner }}
// Stands between the tile engine's results and the accelerator's output, and owns the memory port of the checkpoints.
// A tile with a correction mask is held at its first beat while its checkpoint is fetched; then exactly the masked
// elements are replaced, row by row as the checkpoint arrives. Nothing is computed again, and the engine computes the next
// tile in its other accumulator bank meanwhile. All other tiles pass in the same cycle.
//
// What becomes of a tile (protect_i; otherwise all tiles pass):
//   masked, layer has a checkpoint      rolled back
//   masked, no checkpoint               recomputed if recompute_missing_i, else kept
//   flags in one direction only         recomputed if recompute_unlocated_i, else kept
// A tile to be recomputed passes with repeated_later set, is not checkpointed, and its place goes into the repeat FIFO; after
// the GEMM the sequencer runs it again with repeat_i, and whatever it then is, it is kept or rolled back. With the FIFO
// full it is kept at once. A beat of the checkpoint read with an error: from its row on, the tile is kept.
//
// With checkpoint_write_i, every tile that is not to be recomputed is also encoded and written, after the merge, while the
// next one streams. The old checkpoint of a tile is read to its end before the tile's last row passes, and the new one is
// written after that.
//
// Latency: none for a beat that passes. With L cycles from the read address of a record to its header beat, and data in
// every cycle from then on, the first beat of a rolled-back tile is accepted {{ recovery_cycles }} + L cycles after it appeared, and one
// row follows every {{ row_beats }}.

`include "drift_assert.svh"

module drift_recovery (
  input  logic                                 clk_i,
  input  logic                                 rst_ni,

  // Of this GEMM; constant from start_i until idle_o is high after its last tile.
  input  logic                                 protect_i,
  input  logic                                 checkpoint_valid_i,
  input  logic                                 checkpoint_write_i,
  input  logic                                 recompute_missing_i,
  input  logic                                 recompute_unlocated_i,
  // Layout of its checkpoint, see drift_address_map.
  input  logic                                 row_major_i,
  input  logic [31:0]                          base_i,
  input  logic [31:0]                          header_base_i,
  input  logic [drift_pkg::DimWidth-1:0]       tiles_n_i,
  // Factor of restored elements, 14 fraction bits.
  input  logic [15:0]                          scale_i,
  // M of the command that the engine runs: of the GEMM, or of the one tile with repeat_i.
  input  logic [drift_pkg::DimWidth-1:0]       dim_m_i,
  // A GEMM starts, no beat of it is there yet: the next tile is its first.
  input  logic                                 start_i,
  // The engine runs the tile at the output of the repeat FIFO again, which stays there meanwhile.
  input  logic                                 repeat_i,

  // Results of the engine; tuser is {column flags, row flag, correction mask of the row}.
  input  logic                                 s_axis_result_tvalid_i,
  output logic                                 s_axis_result_tready_o,
  input  logic [32*drift_pkg::Columns-1:0]     s_axis_result_tdata_i,
  input  logic [4*drift_pkg::Columns-1:0]      s_axis_result_tkeep_i,
  input  logic                                 s_axis_result_tlast_i,
  input  logic [drift_pkg::UserWidth-1:0]      s_axis_result_tuser_i,
  // The tile of this beat has a correction mask, or flags in one direction only.
  input  logic                                 tile_masked_i,
  input  logic                                 tile_unlocated_i,

  // Results after rollback; tuser is {rolled back, repeated later, tuser of the engine}.
  output logic                                 m_axis_result_tvalid_o,
  input  logic                                 m_axis_result_tready_i,
  output logic [32*drift_pkg::Columns-1:0]     m_axis_result_tdata_o,
  output logic [4*drift_pkg::Columns-1:0]      m_axis_result_tkeep_o,
  output logic                                 m_axis_result_tlast_o,
  output logic [drift_pkg::ResultUserWidth-1:0] m_axis_result_tuser_o,

  // Tiles to run again: row of tiles, and position in it.
  output logic                                 repeat_valid_o,
  input  logic                                 repeat_ready_i,
  output logic [drift_pkg::DimWidth-1:0]       repeat_tile_m_o,
  output logic [drift_pkg::DimWidth-1:0]       repeat_tile_n_o,

  // No tile inside, no read or write outstanding.
  output logic                                 idle_o,
  // An error response to a read or a write.
  output logic                                 axi_error_o,

  // Since reset: tiles rolled back, elements replaced, tiles to be recomputed, tiles kept although flagged, those of
  // them for which the repeat FIFO had no room, tiles written as checkpoints, cycles in which a result waits for a
  // checkpoint or for room, cycles from a rolled-back tile's first beat to its acceptance, error responses.
  output logic [drift_pkg::CountWidth-1:0]     rollbacks_o,
  output logic [drift_pkg::CountWidth-1:0]     restored_o,
  output logic [drift_pkg::CountWidth-1:0]     recomputes_o,
  output logic [drift_pkg::CountWidth-1:0]     kept_o,
  output logic [drift_pkg::CountWidth-1:0]     overflows_o,
  output logic [drift_pkg::CountWidth-1:0]     checkpoints_o,
  output logic [drift_pkg::CountWidth-1:0]     stall_cycles_o,
  output logic [drift_pkg::CountWidth-1:0]     recovery_cycles_o,
  output logic [drift_pkg::CountWidth-1:0]     axi_errors_o,

  output logic                                 m_axi_awvalid_o,
  input  logic                                 m_axi_awready_i,
  output logic [31:0]                          m_axi_awaddr_o,
  output logic [7:0]                           m_axi_awlen_o,
  output logic [2:0]                           m_axi_awsize_o,
  output logic [1:0]                           m_axi_awburst_o,
  output logic                                 m_axi_wvalid_o,
  input  logic                                 m_axi_wready_i,
  output logic [8*drift_pkg::MemoryBytes-1:0]  m_axi_wdata_o,
  output logic [drift_pkg::MemoryBytes-1:0]    m_axi_wstrb_o,
  output logic                                 m_axi_wlast_o,
  input  logic                                 m_axi_bvalid_i,
  output logic                                 m_axi_bready_o,
  input  logic [1:0]                           m_axi_bresp_i,
  output logic                                 m_axi_arvalid_o,
  input  logic                                 m_axi_arready_i,
  output logic [31:0]                          m_axi_araddr_o,
  output logic [7:0]                           m_axi_arlen_o,
  output logic [2:0]                           m_axi_arsize_o,
  output logic [1:0]                           m_axi_arburst_o,
  input  logic                                 m_axi_rvalid_i,
  output logic                                 m_axi_rready_o,
  input  logic [8*drift_pkg::MemoryBytes-1:0]  m_axi_rdata_i,
  input  logic [1:0]                           m_axi_rresp_i,
  input  logic                                 m_axi_rlast_i
);

  localparam int unsigned Columns = drift_pkg::Columns;
  localparam logic [drift_pkg::DimWidth-1:0] TileRows = {{ dim_width }}'(drift_pkg::TileRows);

  // Place of the next tile in the GEMM, and rows of the GEMM from its row of tiles on.
  logic [drift_pkg::TileWidth-1:0] next_m_q, next_m_d, next_n_q, next_n_d, tiles_n, tile_m, tile_n;
  logic [drift_pkg::DimWidth-1:0]  left_m_q, left_m_d, left_m;
  logic [drift_pkg::RowWidth-1:0]  rows;
  logic [drift_pkg::TileWidth-1:0] repeat_m, repeat_n;

  // The next beat is a tile's first; what becomes of the tile, decided in the first beat's first cycle.
  logic first_q, decided_q, decided_d, rollback_q, void_q;
  logic decide, flagged, wanted, rollback_now, void_now, rollback, void_tile, repeat_ready;

  logic                  open, fire, last_fire, replace;
  logic [32*Columns-1:0] merged;
  logic [Columns-1:0]    mask;

  logic                  read_ready, read_row_valid, read_row_ready, read_row_error, read_error;
  logic [7:0]            read_header;
  logic [8*Columns-1:0]  read_row;
  logic                  restored_valid, restored_ready, restored_error;
  logic [32*Columns-1:0] restored;

  logic                  encode, encode_ready, encoder_idle;
  logic                  write_valid, write_ready, write_row_valid, write_row_ready, write_done, write_error;
  logic [drift_pkg::TileWidth-1:0] write_m, write_n;
  logic [drift_pkg::RowWidth-1:0]  write_rows;
  logic [7:0]            write_header;
  logic [8*Columns-1:0]  write_row;
  logic                  repacker_idle;
  logic                  unused_tiles;

  // Place.
  assign tiles_n = {{ tile_width }}'(tiles_n_i);
  // M and N limit the number of tiles to fewer bits.
  assign unused_tiles = ^tiles_n_i;
  assign tile_m  = repeat_i ? repeat_m : next_m_q;
  assign tile_n  = repeat_i ? repeat_n : next_n_q;
  assign left_m  = repeat_i ? dim_m_i : left_m_q;
  assign rows    = (left_m < TileRows) ? {{ row_width }}'(left_m) : {{ row_width }}'(TileRows);

  always_comb begin
    next_m_d = next_m_q;
    next_n_d = next_n_q;
    left_m_d = left_m_q;
    if (start_i) begin
      next_m_d = '0;
      next_n_d = '0;
      left_m_d = dim_m_i;
    end else if (last_fire && !repeat_i) begin
      next_n_d = next_n_q + 1'b1;
      if (next_n_d == tiles_n) begin
        next_n_d = '0;
        next_m_d = next_m_q + 1'b1;
        left_m_d = left_m_q - TileRows;
      end
    end
  end

  // Decision.
  assign decide       = s_axis_result_tvalid_i && !decided_q;
  assign flagged      = protect_i && (tile_masked_i || tile_unlocated_i);
  assign wanted       = protect_i && !repeat_i
      && (tile_masked_i ? !checkpoint_valid_i && recompute_missing_i
                        : tile_unlocated_i && recompute_unlocated_i);
  assign rollback_now = protect_i && tile_masked_i && checkpoint_valid_i;
  assign void_now     = wanted && repeat_ready;
  assign rollback     = decided_q ? rollback_q : rollback_now;
  assign void_tile    = decided_q ? void_q : void_now;
  assign decided_d    = !last_fire && (s_axis_result_tvalid_i || decided_q);

  // Merge.
  assign encode    = checkpoint_write_i && !void_tile;
  assign open      = (!rollback || restored_valid) && (!encode || encode_ready);
  assign fire      = m_axis_result_tvalid_o && m_axis_result_tready_i;
  assign last_fire = fire && s_axis_result_tlast_i;
  assign replace   = rollback && !restored_error;
  assign mask      = s_axis_result_tuser_i[Columns-1:0];

  always_comb begin
    merged = s_axis_result_tdata_i;
    for (int unsigned j = 0; j < Columns; j++) begin
      if (replace && mask[j]) begin
        merged[32*j +: 32] = restored[32*j +: 32];
      end
    end
  end

  assign s_axis_result_tready_o = open && m_axis_result_tready_i;
  assign m_axis_result_tvalid_o = open && s_axis_result_tvalid_i;
  assign m_axis_result_tdata_o  = merged;
  assign m_axis_result_tkeep_o  = s_axis_result_tkeep_i;
  assign m_axis_result_tlast_o  = s_axis_result_tlast_i;
  assign m_axis_result_tuser_o  = {replace, void_tile, s_axis_result_tuser_i};
  assign restored_ready         = fire && rollback;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      next_m_q   <= '0;
      next_n_q   <= '0;
      left_m_q   <= '0;
      first_q    <= 1'b1;
      decided_q  <= 1'b0;
      rollback_q <= 1'b0;
      void_q     <= 1'b0;
    end else begin
      next_m_q  <= next_m_d;
      next_n_q  <= next_n_d;
      left_m_q  <= left_m_d;
      decided_q <= decided_d;
      if (fire) begin
        first_q <= s_axis_result_tlast_i;
      end
      if (decide) begin
        rollback_q <= rollback_now;
        void_q     <= void_now;
      end
    end
  end

  drift_fifo #(
    .Width(2 * drift_pkg::TileWidth),
    .Depth(drift_pkg::RepeatDepth)
  ) u_repeat_fifo (
    .clk_i,
    .rst_ni,
    .in_valid_i (decide && wanted),
    .in_ready_o (repeat_ready),
    .in_data_i  ({tile_m, tile_n}),
    .out_valid_o(repeat_valid_o),
    .out_ready_i(repeat_ready_i),
    .out_data_o ({repeat_m, repeat_n})
  );

  assign repeat_tile_m_o = {{ dim_width }}'(repeat_m);
  assign repeat_tile_n_o = {{ dim_width }}'(repeat_n);

  drift_row_restorer u_restorer (
    .clk_i,
    .rst_ni,
    .scale_i,
    .exponent_i      (read_header),
    .row_valid_i     (read_row_valid),
    .row_ready_o     (read_row_ready),
    .row_data_i      (read_row),
    .row_error_i     (read_row_error),
    .restored_valid_o(restored_valid),
    .restored_ready_i(restored_ready),
    .restored_data_o (restored),
    .restored_error_o(restored_error)
  );

  drift_checkpoint_encoder u_encoder (
    .clk_i,
    .rst_ni,
    .row_valid_i     (fire && encode),
    .row_ready_o     (encode_ready),
    .row_data_i      (merged),
    .row_last_i      (s_axis_result_tlast_i),
    .tile_m_i        (tile_m),
    .tile_n_i        (tile_n),
    .rows_i          (rows),
    .tile_valid_o    (write_valid),
    .tile_ready_i    (write_ready),
    .tile_m_o        (write_m),
    .tile_n_o        (write_n),
    .rows_o          (write_rows),
    .exponent_o      (write_header),
    .mantissa_valid_o(write_row_valid),
    .mantissa_ready_i(write_row_ready),
    .mantissa_data_o (write_row),
    .idle_o          (encoder_idle)
  );

  drift_repacker u_repacker (
    .clk_i,
    .rst_ni,
    .row_major_i,
    .base_i,
    .header_base_i,
    .tiles_n_i        (tiles_n),
    .read_valid_i     (decide && rollback_now),
    .read_ready_o     (read_ready),
    .read_tile_m_i    (tile_m),
    .read_tile_n_i    (tile_n),
    .read_rows_i      (rows),
    .read_header_o    (read_header),
    .read_row_valid_o (read_row_valid),
    .read_row_ready_i (read_row_ready),
    .read_row_data_o  (read_row),
    .read_row_error_o (read_row_error),
    .write_valid_i    (write_valid),
    .write_ready_o    (write_ready),
    .write_tile_m_i   (write_m),
    .write_tile_n_i   (write_n),
    .write_rows_i     (write_rows),
    .write_header_i   (write_header),
    .write_row_valid_i(write_row_valid),
    .write_row_ready_o(write_row_ready),
    .write_row_data_i (write_row),
    .idle_o           (repacker_idle),
    .write_done_o     (write_done),
    .read_error_o     (read_error),
    .write_error_o    (write_error),
    .m_axi_awvalid_o,
    .m_axi_awready_i,
    .m_axi_awaddr_o,
    .m_axi_awlen_o,
    .m_axi_awsize_o,
    .m_axi_awburst_o,
    .m_axi_wvalid_o,
    .m_axi_wready_i,
    .m_axi_wdata_o,
    .m_axi_wstrb_o,
    .m_axi_wlast_o,
    .m_axi_bvalid_i,
    .m_axi_bready_o,
    .m_axi_bresp_i,
    .m_axi_arvalid_o,
    .m_axi_arready_i,
    .m_axi_araddr_o,
    .m_axi_arlen_o,
    .m_axi_arsize_o,
    .m_axi_arburst_o,
    .m_axi_rvalid_i,
    .m_axi_rready_o,
    .m_axi_rdata_i,
    .m_axi_rresp_i,
    .m_axi_rlast_i
  );

  assign idle_o      = first_q && !decided_q && !s_axis_result_tvalid_i && encoder_idle && repacker_idle;
  assign axi_error_o = read_error || write_error;

  // Events.
  logic                             kept;
  logic [drift_pkg::CountWidth-1:0] rollbacks_q, restored_q, recomputes_q, kept_q, overflows_q;
  logic [drift_pkg::CountWidth-1:0] checkpoints_q, stall_cycles_q, recovery_cycles_q, axi_errors_q;

  // A tile whose checkpoint cannot be read is known as kept with its last row.
  assign kept = (decide && flagged && !rollback_now && !void_now) || (last_fire && rollback && restored_error);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      rollbacks_q       <= '0;
      restored_q        <= '0;
      recomputes_q      <= '0;
      kept_q            <= '0;
      overflows_q       <= '0;
      checkpoints_q     <= '0;
      stall_cycles_q    <= '0;
      recovery_cycles_q <= '0;
      axi_errors_q      <= '0;
    end else begin
      rollbacks_q       <= rollbacks_q + {{ count_width }}'(last_fire && replace);
      recomputes_q      <= recomputes_q + {{ count_width }}'(decide && void_now);
      kept_q            <= kept_q + {{ count_width }}'(kept);
      overflows_q       <= overflows_q + {{ count_width }}'(decide && wanted && !repeat_ready);
      checkpoints_q     <= checkpoints_q + {{ count_width }}'(write_done);
      stall_cycles_q    <= stall_cycles_q + {{ count_width }}'(s_axis_result_tvalid_i && !open);
      recovery_cycles_q <= recovery_cycles_q + {{ count_width }}'(s_axis_result_tvalid_i && first_q && rollback);
      axi_errors_q      <= axi_errors_q + {{ count_width }}'(read_error) + {{ count_width }}'(write_error);
      if (fire && replace) begin
        restored_q <= restored_q + {{ count_width }}'($countones(mask));
      end
    end
  end

  assign rollbacks_o       = rollbacks_q;
  assign restored_o        = restored_q;
  assign recomputes_o      = recomputes_q;
  assign kept_o            = kept_q;
  assign overflows_o       = overflows_q;
  assign checkpoints_o     = checkpoints_q;
  assign stall_cycles_o    = stall_cycles_q;
  assign recovery_cycles_o = recovery_cycles_q;
  assign axi_errors_o      = axi_errors_q;

`ifndef SYNTHESIS
  drift_handshake_check #(
    .Width(36 * Columns + 1 + drift_pkg::ResultUserWidth)
  ) u_check_result (
    .clk_i,
    .rst_ni,
    .valid_i  (m_axis_result_tvalid_o),
    .ready_i  (m_axis_result_tready_i),
    .payload_i({m_axis_result_tdata_o, m_axis_result_tkeep_o, m_axis_result_tlast_o, m_axis_result_tuser_o})
  );

  // Rows of this tile that have passed.
  logic [drift_pkg::RowWidth-1:0] passed_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      passed_q <= '0;
    end else if (fire) begin
      passed_q <= s_axis_result_tlast_i ? '0 : passed_q + 1'b1;
    end
  end

  logic [Columns-1:0] changed;

  always_comb begin
    for (int unsigned j = 0; j < Columns; j++) begin
      changed[j] = merged[32*j +: 32] != s_axis_result_tdata_i[32*j +: 32];
    end
  end

  `DRIFT_ASSERT(OnlyMaskedChange, (changed & ~mask) == '0 && (replace || changed == '0), clk_i, rst_ni)
  `DRIFT_ASSERT(TileHasItsRows, !fire || s_axis_result_tlast_i == (passed_q + 1'b1 == rows), clk_i, rst_ni)
`endif
  // A fetch never waits: the previous one has ended with its tile.
  `DRIFT_ASSERT(FetchStarts, !(decide && rollback_now) || read_ready, clk_i, rst_ni)
  `DRIFT_ASSERT(StartsBetweenTiles, !start_i || (first_q && !s_axis_result_tvalid_i), clk_i, rst_ni)
  `DRIFT_ASSERT(NoRowLeftOver, !decide || !restored_valid, clk_i, rst_ni)
  // The old checkpoint of a tile is read to its end before its new one can be written.
  `DRIFT_ASSERT(ReadBeforeWrite, !(last_fire && rollback && !read_ready), clk_i, rst_ni)

endmodule : drift_recovery
