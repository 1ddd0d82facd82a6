{{ banner }}
// Moves the array from one operating point to another: pauses the array, waits until nothing moves in it, then
// changes supply voltage and clock frequency in the order that is safe.
//
// An entry (voltage, frequency) of the table says: this frequency, and any lower one, is allowed at this voltage
// and at any higher one. Two registers make that rule hold whatever the table is, whenever it is written, and
// wherever regulator or PLL stop answering:
//   voltage_floor_q  the lowest voltage that the supply may have now,
//   voltage_need_q   the lowest voltage at which every frequency that the clock may have now is allowed.
// While a request is open, and after one that nobody answered, the supply may be anywhere between the codes
// requested since the last answer, and so may the clock. A voltage is requested only if it is not below
// voltage_need_q, a frequency only if its own voltage is not above voltage_floor_q; so always
// voltage_need_q <= voltage_floor_q. It follows that a rising voltage goes first and a falling one last.
//
// A request that is not acknowledged within timeout_i cycles is withdrawn:
//   - on the way to a point other than 0, the change continues to point 0 and stays there until the wanted point
//     differs from the one that failed;
//   - on the way to point 0, fault_o is set, the clock is lowered to the lowest frequency of the table if the PLL
//     still answers, and nothing more is tried until fault_clear_i. The array may run: its frequency is allowed at
//     any voltage that the supply may have.
// Every request and every settling time ends, so every change ends: after five requests at most.
//
// Regulator and PLL leave reset at the codes of point 0 that this hardware was generated with. They hold ack until
// req falls; the answer to a withdrawn request may still rise up to two cycles later, and no request is made before
// it fell.
//
// Latency: array_pause_o rises one cycle after a wanted point differs. A change takes 3 cycles, the wait for
// array_quiet_i, and per voltage a + settle + 3 and per frequency a + 2 cycles, where ack rises in the a-th cycle
// of req; more per request that still has to wait for the previous ack to fall.

`include "drift_assert.svh"

module drift_dvfs (
  input  logic                              clk_i,
  input  logic                              rst_ni,

  // Table of operating points: point i is {settle cycles, frequency code, voltage code} in bits [32*i +: 32].
  input  logic [255:0]                      points_i,
  // Cycles that regulator and PLL have to answer a request.
  input  logic [15:0]                       timeout_i,
  // The wanted point; panic_i makes it point 0.
  input  logic [2:0]                        target_i,
  input  logic                              panic_i,
  // Ends a fault, and makes a point that failed be tried again.
  input  logic                              fault_clear_i,

  // The array starts nothing while paused; it answers when nothing moves in it, and stays so.
  output logic                              array_pause_o,
  input  logic                              array_quiet_i,

  // The last point that was reached.
  output logic [2:0]                        point_o,
  // A change is in flight.
  output logic                              busy_o,
  // No change is in flight, and none will be with these inputs.
  output logic                              settled_o,
  // Point 0 could not be reached.
  output logic                              fault_o,

  // Voltage regulator; the code is stable from req to the answer.
  output logic [7:0]                        voltage_code_o,
  output logic                              voltage_req_o,
  input  logic                              voltage_ack_i,

  // PLL.
  output logic [7:0]                        frequency_code_o,
  output logic                              frequency_req_o,
  input  logic                              frequency_ack_i,

  // Since reset: points reached by a change, requests that were withdrawn, and cycles with a change in flight.
  output logic [drift_pkg::CountWidth-1:0] transitions_o,
  output logic [drift_pkg::CountWidth-1:0] timeouts_o,
  output logic [drift_pkg::CountWidth-1:0] change_cycles_o
);

  // Codes at which regulator and PLL leave reset.
  localparam logic [7:0] NominalVoltage   = 8'd{{ nominal_voltage }};
  localparam logic [7:0] NominalFrequency = 8'd{{ nominal_frequency }};

  typedef enum logic [2:0] {
    StIdle,       // the array may run
    StDrain,      // wait until nothing moves in the array
    StLoad,       // take the goal out of the table
    StPlan,       // next request, or the end of the change
    StVoltage,    // voltage requested
    StSettle,     // voltage reached, settling
    StFrequency   // frequency requested
  } state_e;

  // What the change in flight is after.
  typedef enum logic [1:0] {
    GoalScheduled,  // the wanted point
    GoalNominal,    // point 0
    GoalLowest      // the lowest frequency, at whatever voltage there is
  } goal_e;

  state_e      state_q, state_d;
  goal_e       goal_q, goal_d;
  logic [2:0]  point_q, point_d, wanted_q, wanted_d;
  logic [7:0]  goal_voltage_q, goal_voltage_d, goal_frequency_q, goal_frequency_d;
  logic [15:0] goal_settle_q, goal_settle_d;
  logic [15:0] timer_q, timer_d;
  logic        held_q, held_d, fault_q, fault_d;

  // Codes requested last, whether the request is open, and whether it was answered.
  logic [7:0]  voltage_q, voltage_d, frequency_q, frequency_d;
  logic        voltage_req_q, voltage_req_d, frequency_req_q, frequency_req_d;
  logic        voltage_sure_q, voltage_sure_d, frequency_sure_q, frequency_sure_d;
  logic [7:0]  voltage_floor_q, voltage_floor_d, voltage_need_q, voltage_need_d;

  logic [2:0]  wanted;
  logic [15:0] wanted_codes;
  logic [31:0] goal_entry;
  logic [7:0]  lowest_frequency;
  logic        change, voltage_done, frequency_done, reached, failed;

  logic [drift_pkg::CountWidth-1:0] transitions_q, timeouts_q, change_cycles_q;

  assign wanted       = panic_i ? 3'd0 : target_i;
  assign wanted_codes = points_i[{wanted, 5'd0} +: 16];
  assign change       = !fault_q && !(held_q && (wanted == wanted_q))
      && ((wanted != point_q) || !voltage_sure_q || (voltage_q != wanted_codes[7:0])
          || !frequency_sure_q || (frequency_q != wanted_codes[15:8]));

  assign goal_entry   = points_i[{(goal_q == GoalScheduled) ? wanted_q : 3'd0, 5'd0} +: 32];

  // Never above the present code, for that may have come from a table that was overwritten.
  always_comb begin
    lowest_frequency = frequency_q;
    for (int unsigned i = 0; i < 8; i++) begin
      if (points_i[32*i+8 +: 8] < lowest_frequency) begin
        lowest_frequency = points_i[32*i+8 +: 8];
      end
    end
  end

  assign voltage_done   = (goal_q == GoalLowest) || (voltage_sure_q && (voltage_q == goal_voltage_q));
  assign frequency_done = frequency_sure_q && (frequency_q == goal_frequency_q);

  always_comb begin
    state_d          = state_q;
    goal_d           = goal_q;
    point_d          = point_q;
    wanted_d         = wanted_q;
    goal_voltage_d   = goal_voltage_q;
    goal_frequency_d = goal_frequency_q;
    goal_settle_d    = goal_settle_q;
    timer_d          = timer_q - 1'b1;
    held_d           = held_q && !fault_clear_i;
    fault_d          = fault_q && !fault_clear_i;
    voltage_d        = voltage_q;
    voltage_req_d    = voltage_req_q;
    voltage_sure_d   = voltage_sure_q;
    voltage_floor_d  = voltage_floor_q;
    voltage_need_d   = voltage_need_q;
    frequency_d      = frequency_q;
    frequency_req_d  = frequency_req_q;
    frequency_sure_d = frequency_sure_q;
    reached          = 1'b0;
    failed           = 1'b0;

    case (state_q)
      StIdle: begin
        if (wanted != wanted_q) begin
          held_d = 1'b0;
        end
        if (change) begin
          state_d = StDrain;
        end
      end

      StDrain: begin
        wanted_d = wanted;
        goal_d   = (wanted == 3'd0) ? GoalNominal : GoalScheduled;
        if (array_quiet_i) begin
          state_d = StLoad;
        end
      end

      StLoad: begin
        goal_voltage_d   = goal_entry[7:0];
        goal_frequency_d = (goal_q == GoalLowest) ? lowest_frequency : goal_entry[15:8];
        goal_settle_d    = goal_entry[31:16];
        state_d          = StPlan;
      end

      StPlan: begin
        timer_d = timeout_i;
        // The present frequency is known to be allowed at the goal's voltage as well.
        if ((goal_q != GoalLowest) && frequency_done && (goal_voltage_q < voltage_need_q)) begin
          voltage_need_d = goal_voltage_q;
        end
        if (panic_i && (goal_q == GoalScheduled)) begin
          goal_d  = GoalNominal;
          state_d = StLoad;
        end else if (voltage_done && frequency_done) begin
          reached = goal_q != GoalLowest;
          state_d = StIdle;
        end else if (!voltage_done && (frequency_done || (goal_voltage_q >= voltage_floor_q))) begin
          state_d = StVoltage;
        end else begin
          state_d = StFrequency;
        end
      end

      StVoltage: begin
        if (voltage_req_q && voltage_ack_i) begin
          voltage_req_d = 1'b0;
          timer_d       = goal_settle_q;
          state_d       = StSettle;
        end else if (timer_q == '0) begin
          voltage_req_d = 1'b0;
          failed        = 1'b1;
        end else if (!voltage_req_q && !voltage_ack_i) begin
          voltage_d      = goal_voltage_q;
          voltage_req_d  = 1'b1;
          voltage_sure_d = 1'b0;
          if (goal_voltage_q < voltage_floor_q) begin
            voltage_floor_d = goal_voltage_q;
          end
        end
      end

      StSettle: begin
        if (timer_q == '0) begin
          voltage_sure_d  = 1'b1;
          voltage_floor_d = voltage_q;
          state_d         = StPlan;
        end
      end

      StFrequency: begin
        if (frequency_req_q && frequency_ack_i) begin
          frequency_req_d  = 1'b0;
          frequency_sure_d = 1'b1;
          state_d          = StPlan;
          if (goal_q != GoalLowest) begin
            voltage_need_d = goal_voltage_q;
          end
        end else if (timer_q == '0) begin
          frequency_req_d = 1'b0;
          failed          = 1'b1;
        end else if (!frequency_req_q && !frequency_ack_i) begin
          frequency_d      = goal_frequency_q;
          frequency_req_d  = 1'b1;
          frequency_sure_d = 1'b0;
          if ((goal_q != GoalLowest) && (goal_voltage_q > voltage_need_q)) begin
            voltage_need_d = goal_voltage_q;
          end
        end
      end

      default: begin
        state_d = StIdle;
      end
    endcase

    if (reached) begin
      point_d = (goal_q == GoalScheduled) ? wanted_q : 3'd0;
    end
    if (failed) begin
      case (goal_q)
        GoalScheduled: begin
          goal_d  = GoalNominal;
          held_d  = 1'b1;
          state_d = StLoad;
        end
        GoalNominal: begin
          goal_d  = GoalLowest;
          fault_d = 1'b1;
          state_d = StLoad;
        end
        default: begin
          state_d = StIdle;
        end
      endcase
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q          <= StIdle;
      goal_q           <= GoalNominal;
      point_q          <= '0;
      wanted_q         <= '0;
      goal_voltage_q   <= NominalVoltage;
      goal_frequency_q <= NominalFrequency;
      goal_settle_q    <= '0;
      timer_q          <= '0;
      held_q           <= 1'b0;
      fault_q          <= 1'b0;
      voltage_q        <= NominalVoltage;
      voltage_req_q    <= 1'b0;
      voltage_sure_q   <= 1'b1;
      voltage_floor_q  <= NominalVoltage;
      voltage_need_q   <= NominalVoltage;
      frequency_q      <= NominalFrequency;
      frequency_req_q  <= 1'b0;
      frequency_sure_q <= 1'b1;
    end else begin
      state_q          <= state_d;
      goal_q           <= goal_d;
      point_q          <= point_d;
      wanted_q         <= wanted_d;
      goal_voltage_q   <= goal_voltage_d;
      goal_frequency_q <= goal_frequency_d;
      goal_settle_q    <= goal_settle_d;
      timer_q          <= timer_d;
      held_q           <= held_d;
      fault_q          <= fault_d;
      voltage_q        <= voltage_d;
      voltage_req_q    <= voltage_req_d;
      voltage_sure_q   <= voltage_sure_d;
      voltage_floor_q  <= voltage_floor_d;
      voltage_need_q   <= voltage_need_d;
      frequency_q      <= frequency_d;
      frequency_req_q  <= frequency_req_d;
      frequency_sure_q <= frequency_sure_d;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      transitions_q   <= '0;
      timeouts_q      <= '0;
      change_cycles_q <= '0;
    end else if (busy_o) begin
      change_cycles_q <= change_cycles_q + 1'b1;
      if (reached) begin
        transitions_q <= transitions_q + 1'b1;
      end
      if (failed) begin
        timeouts_q <= timeouts_q + 1'b1;
      end
    end
  end

  assign busy_o           = state_q != StIdle;
  assign array_pause_o    = busy_o;
  assign settled_o        = !busy_o && !change;
  assign point_o          = point_q;
  assign fault_o          = fault_q;
  assign voltage_code_o   = voltage_q;
  assign voltage_req_o    = voltage_req_q;
  assign frequency_code_o = frequency_q;
  assign frequency_req_o  = frequency_req_q;
  assign transitions_o    = transitions_q;
  assign timeouts_o       = timeouts_q;
  assign change_cycles_o  = change_cycles_q;

  // The array is paused and quiet whenever voltage or frequency may be moving.
  `DRIFT_ASSERT(PausedInChange, array_pause_o || !(voltage_req_q || frequency_req_q), clk_i, rst_ni)
  `DRIFT_ASSERT(QuietInChange, array_quiet_i || (state_q == StIdle) || (state_q == StDrain), clk_i, rst_ni)
  // Whatever frequency the clock may have is allowed at whatever voltage the supply may have.
  `DRIFT_ASSERT(FrequencyAllowed, voltage_need_q <= voltage_floor_q, clk_i, rst_ni)
  `DRIFT_ASSERT(FloorIsVoltage, !voltage_sure_q || (voltage_floor_q == voltage_q), clk_i, rst_ni)
  `DRIFT_ASSERT(FloorBelowVoltage, voltage_floor_q <= voltage_q, clk_i, rst_ni)
  `DRIFT_ASSERT(VoltageAllowed, (state_q != StVoltage) || (voltage_need_q <= goal_voltage_q), clk_i, rst_ni)
  `DRIFT_ASSERT(RaiseAllowed, (state_q != StFrequency) || (goal_q == GoalLowest) || (goal_voltage_q <= voltage_floor_q),
                clk_i, rst_ni)
  // One request at a time, stable until it is answered or withdrawn.
  `DRIFT_ASSERT(VoltageState, !voltage_req_q || (state_q == StVoltage), clk_i, rst_ni)
  `DRIFT_ASSERT(FrequencyState, !frequency_req_q || (state_q == StFrequency), clk_i, rst_ni)
  `DRIFT_ASSERT(VoltageStable, !$past(voltage_req_q) || (voltage_q == $past(voltage_q)), clk_i, rst_ni)
  `DRIFT_ASSERT(VoltageHeld, !$past(voltage_req_q && !voltage_ack_i && (timer_q != '0)) || voltage_req_q,
                clk_i, rst_ni)
  `DRIFT_ASSERT(FrequencyStable, !$past(frequency_req_q) || (frequency_q == $past(frequency_q)), clk_i, rst_ni)
  `DRIFT_ASSERT(FrequencyHeld, !$past(frequency_req_q && !frequency_ack_i && (timer_q != '0)) || frequency_req_q,
                clk_i, rst_ni)
  // Every wait for regulator, PLL or settling counts down, and a change only ever turns to a safer goal.
  `DRIFT_ASSERT(WaitEnds, !((state_q == $past(state_q)) && ((state_q == StVoltage) || (state_q == StSettle)
                || (state_q == StFrequency))) || (timer_q < $past(timer_q)), clk_i, rst_ni)
  `DRIFT_ASSERT(GoalsGetSafer, ($past(state_q) == StIdle) || ($past(state_q) == StDrain) || (state_q == StIdle)
                || (goal_q >= $past(goal_q)), clk_i, rst_ni)

endmodule : drift_dvfs
