// SPDX-License-Identifier: MIT OR Apache-2.0
//
// drift_dvfs with the worst regulator and PLL, for any table of operating points.
//
// Assumed: reset in the first cycle; the table does not change; the array, once quiet, stays so as long as it is
//   paused. Targets, panics, clears, and acknowledges of regulator and PLL (late, never, unasked) may come at any time,
//   the timeout may have any value in any cycle.
// The supply: after a request its voltage may be anywhere between the codes requested since the last voltage that was
//   acknowledged and has settled, also if the request was withdrawn. The clock: likewise between the frequency codes
//   requested since the last acknowledged one.
// Proved: the array is paused and quiet whenever supply or clock may be moving by a request; for the highest frequency
//   that the clock may have, and the lowest voltage that the supply may have, some entry of the table (or the point in
//   which the hardware leaves reset) allows at least this frequency at this voltage or less; one request at a time,
//   with a stable code; the assertions inside.

`include "drift_assert.svh"
`include "drift_formal.svh"

module drift_formal_supply (
  input logic         clk_i,
  input logic         rst_ni,
  input logic [255:0] points_i,
  input logic [15:0]  timeout_i,
  input logic [2:0]   target_i,
  input logic         panic_i,
  input logic         fault_clear_i,
  input logic         array_quiet_i,
  input logic         voltage_ack_i,
  input logic         frequency_ack_i
);

  logic       array_pause, busy, settled, fault, voltage_req, frequency_req;
  logic [2:0] point;
  logic [7:0] voltage_code, frequency_code;
  logic [drift_pkg::CountWidth-1:0] transitions, timeouts, change_cycles;

  drift_dvfs u_dvfs (
    .clk_i,
    .rst_ni,
    .points_i,
    .timeout_i,
    .target_i,
    .panic_i,
    .fault_clear_i,
    .array_pause_o   (array_pause),
    .array_quiet_i,
    .point_o         (point),
    .busy_o          (busy),
    .settled_o       (settled),
    .fault_o         (fault),
    .voltage_code_o  (voltage_code),
    .voltage_req_o   (voltage_req),
    .voltage_ack_i,
    .frequency_code_o(frequency_code),
    .frequency_req_o (frequency_req),
    .frequency_ack_i,
    .transitions_o   (transitions),
    .timeouts_o      (timeouts),
    .change_cycles_o (change_cycles)
  );

  `DRIFT_FORMAL_RESET

  // What was there in the previous cycle.
  logic [255:0] points_q;
  logic         quiet_q, voltage_req_q, frequency_req_q, settling_q;
  logic [7:0]   voltage_code_q, frequency_code_q;

  always_ff @(posedge clk_i) points_q <= points_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      quiet_q          <= 1'b0;
      voltage_req_q    <= 1'b0;
      frequency_req_q  <= 1'b0;
      voltage_code_q   <= u_dvfs.NominalVoltage;
      frequency_code_q <= u_dvfs.NominalFrequency;
    end else begin
      quiet_q          <= array_pause && array_quiet_i;
      voltage_req_q    <= voltage_req;
      frequency_req_q  <= frequency_req;
      voltage_code_q   <= voltage_code;
      frequency_code_q <= frequency_code;
    end
  end

  `DRIFT_ASSUME(TableHeld, points_i == points_q)
  `DRIFT_ASSUME(StaysQuiet, !(quiet_q && array_pause) || array_quiet_i)

  // The lowest voltage that the supply may have, and the highest frequency that the clock may have.
  logic [7:0]  supply_q, supply, clock_q, clock;
  logic [15:0] settle_q;

  always_comb begin
    supply = (voltage_req && voltage_code < supply_q) ? voltage_code : supply_q;
    clock  = (frequency_req && frequency_code > clock_q) ? frequency_code : clock_q;
  end

  // Acknowledged voltages hold after the settle time of the point that is being moved to.
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      supply_q   <= u_dvfs.NominalVoltage;
      clock_q    <= u_dvfs.NominalFrequency;
      settling_q <= 1'b0;
      settle_q   <= '0;
    end else begin
      supply_q <= supply;
      clock_q  <= clock;
      if (voltage_req && voltage_ack_i) begin
        settling_q <= 1'b1;
        settle_q   <= u_dvfs.goal_settle_q;
      end else if (settling_q) begin
        settle_q <= settle_q - 1'b1;
        if (settle_q == '0) begin
          settling_q <= 1'b0;
          supply_q   <= voltage_code;
        end
      end
      if (frequency_req && frequency_ack_i) begin
        clock_q <= frequency_code;
      end
    end
  end

  // States and goals of the module.
  localparam logic [2:0] Plan = 3'd3;
  localparam logic [2:0] Settle = 3'd5;
  localparam logic [2:0] Frequency = 3'd6;
  localparam logic [1:0] Scheduled = 2'd0;
  localparam logic [1:0] Lowest = 2'd2;

  // A witness: the number of the entry that allows the clock's highest frequency. 8 is the point in which the hardware
  // leaves reset.
  logic [3:0] goal, entry, entry_q;
  logic [7:0] goal_voltage, goal_frequency, entry_voltage, entry_frequency, held_voltage, held_frequency;
  logic       to_goal;

  assign goal            = {1'b0, (u_dvfs.goal_q == Scheduled) ? u_dvfs.wanted_q : 3'd0};
  assign goal_voltage    = points_i[{goal[2:0], 5'd0} +: 8];
  assign goal_frequency  = points_i[{goal[2:0], 5'd8} +: 8];
  assign entry           = (frequency_req && frequency_code > clock_q) ? goal : entry_q;
  assign entry_voltage   = entry[3] ? u_dvfs.NominalVoltage : points_i[{entry[2:0], 5'd0} +: 8];
  assign entry_frequency = entry[3] ? u_dvfs.NominalFrequency : points_i[{entry[2:0], 5'd8} +: 8];
  assign held_voltage    = entry_q[3] ? u_dvfs.NominalVoltage : points_i[{entry_q[2:0], 5'd0} +: 8];
  assign held_frequency  = entry_q[3] ? u_dvfs.NominalFrequency : points_i[{entry_q[2:0], 5'd8} +: 8];
  // The clock is known to be at the goal's frequency.
  assign to_goal         = u_dvfs.goal_q != Lowest
      && ((frequency_req && frequency_ack_i)
          || (u_dvfs.state_q == Plan && u_dvfs.frequency_done && goal_voltage < held_voltage));

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      entry_q <= 4'd8;
    end else begin
      entry_q <= to_goal ? goal : entry;
    end
  end

  `DRIFT_ASSERT(FrequencyNeverAboveAllowed, entry_voltage <= supply && entry_frequency >= clock, clk_i, rst_ni)
  `DRIFT_ASSERT(PausedInChange, (array_pause && array_quiet_i) || !(voltage_req || frequency_req || settling_q),
                clk_i, rst_ni)
  `DRIFT_ASSERT(OneRequest, !(voltage_req && frequency_req), clk_i, rst_ni)
  `DRIFT_ASSERT(VoltageCodeStable, !(voltage_req_q && voltage_req) || voltage_code == voltage_code_q, clk_i, rst_ni)
  `DRIFT_ASSERT(FrequencyCodeStable, !(frequency_req_q && frequency_req) || frequency_code == frequency_code_q,
                clk_i, rst_ni)
  // Induction: what the module's registers say about supply, clock and table.
  logic changing;

  assign changing = u_dvfs.state_q >= Plan;

  `DRIFT_ASSERT(GoalIsEntry, !changing || u_dvfs.goal_q == Lowest
                || (u_dvfs.goal_voltage_q == goal_voltage && u_dvfs.goal_frequency_q == goal_frequency), clk_i, rst_ni)
  `DRIFT_ASSERT(LowestIsLower, !changing || u_dvfs.goal_q != Lowest || u_dvfs.goal_frequency_q <= frequency_code,
                clk_i, rst_ni)
  `DRIFT_ASSERT(Goals, u_dvfs.goal_q <= Lowest && u_dvfs.state_q <= Frequency, clk_i, rst_ni)
  `DRIFT_ASSERT(NeedIsEntry, entry_voltage <= u_dvfs.voltage_need_q && held_voltage <= u_dvfs.voltage_need_q,
                clk_i, rst_ni)
  `DRIFT_ASSERT(EntryAllowsClock, held_frequency >= clock_q, clk_i, rst_ni)
  `DRIFT_ASSERT(FloorIsLowest, u_dvfs.voltage_floor_q <= supply && u_dvfs.voltage_floor_q <= supply_q, clk_i, rst_ni)
  `DRIFT_ASSERT(ClockSure, frequency_code <= clock && (!u_dvfs.frequency_sure_q || frequency_code == clock_q),
                clk_i, rst_ni)
  `DRIFT_ASSERT(SureMeansNoRequest, !frequency_req || !u_dvfs.frequency_sure_q, clk_i, rst_ni)
  `DRIFT_ASSERT(RequestIsGoal, (!frequency_req || frequency_code == u_dvfs.goal_frequency_q)
                && (!voltage_req || voltage_code == u_dvfs.goal_voltage_q), clk_i, rst_ni)
  `DRIFT_ASSERT(EntryNumbers, entry_q <= 4'd8, clk_i, rst_ni)
  `DRIFT_ASSERT(SettleInStep, settling_q == (u_dvfs.state_q == Settle) && (!settling_q || settle_q == u_dvfs.timer_q),
                clk_i, rst_ni)

endmodule : drift_formal_supply
