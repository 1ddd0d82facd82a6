// The co-simulation loop: feeds the streams of a verilated tile engine, collects its results, and writes
// faults into PE registers between clock edges. Nothing here knows what the results should be.

#include "drift_sim.h"

#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "Vdrift.h"
#include "drift_registers.h"
#include "verilated.h"
#if VM_TRACE
#include "verilated_vcd_c.h"
#endif

namespace {

constexpr unsigned kRows = DRIFT_ROWS;
constexpr unsigned kColumns = DRIFT_COLUMNS;
constexpr unsigned kLanes = DRIFT_LANES;
constexpr unsigned kTileRows = DRIFT_TILE_ROWS;
constexpr bool kOutputStationary = DRIFT_OS;
// Checksum rows that the engine streams after the data rows of a pass.
constexpr unsigned kChecksumRows = kOutputStationary ? 0 : kLanes - kColumns;
// Operands are fetched this many rows ahead of the stream; an address that is not in the matrix does no harm.
constexpr unsigned kAhead = 4;
// No streamed row has this number.
constexpr uint64_t kNoRow = ~uint64_t{0};
// A fault waits at most this many cycles for its row to reach its PE.
constexpr unsigned kCalendar = DRIFT_PE_ROWS + kLanes + 4;

// The model of a large array nearly fills the processor's instruction cache: what is not done in every cycle stays
// out of the loop over cycles.
#define DRIFT_OUTSIDE_LOOP __attribute__((noinline))

unsigned div_ceil(unsigned a, unsigned b) { return (a + b - 1) / b; }

// Xorshift generator of the stalls; needs no quality, only repeatability.
struct Stalls {
  uint64_t state = 1;
  bool hit(unsigned chance) {
    if (chance == 0) return false;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 32 & 255) < chance;
  }
};

bool bit(const uint8_t* bytes, unsigned index) { return bytes[index / 8] >> (index % 8) & 1; }

// Up to 32 bits from a port, read by words: of a port narrower than one, what follows it is read and dropped.
uint32_t bits(const uint8_t* port, unsigned first, unsigned count) {
  uint64_t pair = 0;
  memcpy(&pair, port + first / 32 * 4, first % 32 + count > 32 ? 8 : 4);
  return uint32_t(pair >> (first % 32) & ((uint64_t{1} << count) - 1));
}

// The rows that a stream of operands still has in a pass, from the one on its port.
struct Rows {
  const int8_t* from;
  ptrdiff_t step;
  unsigned bytes, left;
};

// Position of a stream within the GEMM; of operands, the rows are counted by Rows.
struct Cursor {
  unsigned tile_m = 0, tile_n = 0, pass = 0, row = 0;
};

struct Model {
  VerilatedContext context;
  std::unique_ptr<Vdrift> top;
  // The ports themselves; those of `top` are references to them.
  Vdrift___024root& pins;
  DriftPes pes;
  drift_job job{};
  unsigned tiles_m = 0, tiles_n = 0, passes = 0;
  Cursor act, weight, result;
  Rows act_rows{}, weight_rows{};
  // Output-stationary: X transposed, because a beat is a column of a tile.
  std::vector<int8_t> columns;
  bool act_left = false, weight_left = false;
  uint64_t result_rows = 0, result_tiles = 0;
  uint64_t stream_row = 0, now = 0;
  size_t next_flip = 0;
  // Streamed row of the next fault, and faults that wait in the calendar: what a cycle without a fault looks at.
  uint64_t flip_row = kNoRow;
  size_t waiting = 0;
  std::vector<std::vector<const drift_flip*>> calendar{kCalendar};
  Stalls stalls;
#if VM_TRACE
  std::unique_ptr<VerilatedVcdC> trace;
  uint64_t trace_first = 0, trace_last = 0, trace_time = 0;
#endif

  Model() : top(std::make_unique<Vdrift>(&context)), pins(*top->rootp), pes(top->rootp) { reset(); }

  ~Model() {
#if VM_TRACE
    if (trace) trace->close();
#endif
    // Verilator unregisters scopes from the thread's context, which may be that
    // of another simulator, deleted long ago.
    Verilated::threadContextp(&context);
    top->final();
  }

  unsigned tile_rows(unsigned tile_m) const {
    const unsigned left = job.m - tile_m * kTileRows;
    return left < kTileRows ? left : kTileRows;
  }
  unsigned tile_columns(unsigned tile_n) const {
    const unsigned left = job.n - tile_n * kColumns;
    return left < kColumns ? left : kColumns;
  }
  unsigned pass_depth(unsigned pass) const {
    const unsigned left = job.k - pass * kRows;
    return left < kRows ? left : kRows;
  }

  void half_cycle(int level) {
    pins.clk_i = level;
    drift_evaluate(*top);
#if VM_TRACE
    if (trace && result_tiles <= trace_last && act_tile() >= trace_first) trace->dump(trace_time);
    ++trace_time;
#endif
  }

  // The falling edge, which needs no evaluation where no waveform shows it and the model can be told of it.
  void fall() {
    if (VM_TRACE || !drift_lower_clock(top->rootp, 0, 0)) return half_cycle(0);
    pins.clk_i = 0;
  }

  uint64_t act_tile() const {
    return act_left ? uint64_t(act.tile_m) * tiles_n + act.tile_n : uint64_t(tiles_m) * tiles_n;
  }

  void reset() {
    pins.cmd_valid_i = 0;
    pins.s_axis_act_tvalid_i = 0;
    pins.s_axis_weight_tvalid_i = 0;
    pins.m_axis_result_tready_i = 0;
    pins.threshold_bit_i = 0;
    pins.pause_i = 0;
    pins.clk_i = 0;
    pins.rst_ni = 1;
    top->eval();
    pins.rst_ni = 0;
    half_cycle(0);
    half_cycle(1);
    half_cycle(0);
    pins.rst_ni = 1;
    half_cycle(0);
  }

  void start(const drift_job& next) {
    job = next;
    tiles_m = div_ceil(job.m, kTileRows);
    tiles_n = div_ceil(job.n, kColumns);
    passes = div_ceil(job.k, kRows);
    act = weight = result = Cursor{};
    act_left = weight_left = true;
    if (kOutputStationary) transpose();
    begin_acts();
    begin_weights();
    put<kOutputStationary ? kTileRows : kRows>(&pins.s_axis_act_tdata_i, act_rows);
    put<kColumns>(&pins.s_axis_weight_tdata_i, weight_rows);
    result_rows = result_tiles = stream_row = 0;
    next_flip = 0;
    flip_row = job.flips_len > 0 ? job.flips[0].stream_row : kNoRow;
    waiting = 0;
    for (auto& day : calendar) day.clear();
    stalls.state = job.stall_seed | 1;
    pins.threshold_bit_i = job.threshold_bit;
    pins.cmd_m_i = job.m;
    pins.cmd_k_i = job.k;
    pins.cmd_n_i = job.n;
    pins.cmd_valid_i = 1;
  }

  void transpose() {
    columns.resize(size_t(job.m) * job.k);
    for (size_t m = 0; m < job.m; ++m) {
      for (size_t k = 0; k < job.k; ++k) columns[k * job.m + m] = job.x[m * job.k + k];
    }
  }

  DRIFT_OUTSIDE_LOOP bool next_pass(Cursor& cursor) const {
    if (++cursor.pass < passes) return true;
    cursor.pass = 0;
    if (++cursor.tile_n < tiles_n) return true;
    cursor.tile_n = 0;
    return ++cursor.tile_m < tiles_m;
  }

  // Puts the next beat on its port, where it stays until it is taken; a full beat has a size that the compiler knows.
  template <unsigned kFull>
  static void put(void* port, const Rows& rows) {
    __builtin_prefetch(rows.from + kAhead * rows.step);
    if (rows.bytes == kFull) {
      memcpy(port, rows.from, kFull);
    } else {
      memcpy(port, rows.from, rows.bytes);
    }
  }

  // The operands of a pass. Output-stationary: its steps k, of which a beat of activations is a column of the tile.
  // Weight-stationary: the rows of weights descend, because the first one moves furthest.
  DRIFT_OUTSIDE_LOOP void begin_acts() {
    const unsigned rows = tile_rows(act.tile_m), depth = pass_depth(act.pass);
    const size_t m = size_t(act.tile_m) * kTileRows, k = size_t(act.pass) * kRows;
    act_rows = kOutputStationary ? Rows{columns.data() + k * job.m + m, ptrdiff_t(job.m), rows, depth}
                                 : Rows{job.x + m * job.k + k, ptrdiff_t(job.k), depth, rows};
  }

  DRIFT_OUTSIDE_LOOP void begin_weights() {
    const unsigned depth = pass_depth(weight.pass), bytes = tile_columns(weight.tile_n);
    const size_t k = size_t(weight.pass) * kRows + (kOutputStationary ? 0 : depth - 1);
    const ptrdiff_t step = kOutputStationary ? ptrdiff_t(job.n) : -ptrdiff_t(job.n);
    weight_rows = Rows{job.w + k * job.n + size_t(weight.tile_n) * kColumns, step, bytes, depth};
  }

  // Enters the faults of the next streamed row, accepted in cycle `accepted`, into the calendar. PE (r, c)
  // captures the row at the edge that ends cycle accepted+1+r+c, and its psum one edge later.
  DRIFT_OUTSIDE_LOOP void enter_faults(uint64_t accepted) {
    while (flip_row == stream_row) {
      const drift_flip& flip = job.flips[next_flip++];
      const uint64_t edge = accepted + 1 + flip.pe_row + flip.pe_column + (flip.reg == DRIFT_PSUM);
      calendar[edge % kCalendar].push_back(&flip);
      ++waiting;
      flip_row = next_flip < job.flips_len ? job.flips[next_flip].stream_row : kNoRow;
    }
  }

  // A row was streamed in cycle `accepted`.
  void count_row(uint64_t accepted) {
    if (flip_row == stream_row) enter_faults(accepted);
    ++stream_row;
  }

  void took_act() {
    count_row(now);
    if (--act_rows.left > 0) {
      act_rows.from += act_rows.step;
    } else {
      // The engine appends the checksum rows at once.
      for (unsigned digit = 1; digit <= kChecksumRows; ++digit) count_row(now + digit);
      act_left = next_pass(act);
      if (!act_left) return;
      begin_acts();
    }
    put<kOutputStationary ? kTileRows : kRows>(&pins.s_axis_act_tdata_i, act_rows);
  }

  void took_weight() {
    if (--weight_rows.left > 0) {
      weight_rows.from += weight_rows.step;
    } else {
      weight_left = next_pass(weight);
      if (!weight_left) return;
      begin_weights();
    }
    put<kColumns>(&pins.s_axis_weight_tdata_i, weight_rows);
  }

  DRIFT_OUTSIDE_LOOP int take_result() {
    if (result.tile_m >= tiles_m) return DRIFT_EXCESS;
    const unsigned columns = tile_columns(result.tile_n);
    const bool last = result.row + 1 == tile_rows(result.tile_m);
    memcpy(job.y + result_rows * kColumns, &pins.m_axis_result_tdata_o, 4 * kColumns);
    const uint8_t* user = reinterpret_cast<const uint8_t*>(&pins.m_axis_result_tuser_o);
    const bool row_flag = bit(user, kColumns);
    job.row_flags[result_rows] = row_flag;
    for (unsigned j = 0; j < kColumns; j += 32) {
      const unsigned count = kColumns - j < 32 ? kColumns - j : 32;
      const uint32_t expected = row_flag ? bits(user, kColumns + 1 + j, count) : 0;
      if (bits(user, j, count) != expected) return DRIFT_BAD_MASK;
    }
    const uint8_t* keep = reinterpret_cast<const uint8_t*>(&pins.m_axis_result_tkeep_o);
    for (unsigned j = 0; j < kColumns; j += 8) {
      const unsigned count = kColumns - j < 8 ? kColumns - j : 8;
      const unsigned kept = columns <= j ? 0 : columns - j < count ? columns - j : count;
      if (bits(keep, 4 * j, 4 * count) != (uint64_t{1} << (4 * kept)) - 1) return DRIFT_BAD_TKEEP;
    }
    if (last) {
      uint8_t* column_flags = job.column_flags + result_tiles * kColumns;
      for (unsigned j = 0; j < kColumns; ++j) column_flags[j] = bit(user, kColumns + 1 + j);
    }
    if (bool(pins.m_axis_result_tlast_o) != last) return DRIFT_BAD_TLAST;
    ++result_rows;
    ++result.row;
    if (last) {
      result.row = 0;
      ++result_tiles;
      if (++result.tile_n == tiles_n) {
        result.tile_n = 0;
        ++result.tile_m;
      }
    }
    return DRIFT_RUNNING;
  }

  DRIFT_OUTSIDE_LOOP void write_faults() {
    if (waiting > 0) {
      auto& today = calendar[now % kCalendar];
      for (const drift_flip* flip : today) {
        drift_flip_register(pes, flip->reg, flip->pe_row, flip->pe_column, flip->mask);
      }
      waiting -= today.size();
      today.clear();
    }
    for (size_t i = 0; i < job.stucks_len; ++i) {
      const drift_stuck& stuck = job.stucks[i];
      drift_stick_register(pes, stuck.reg, stuck.pe_row, stuck.pe_column, stuck.mask, stuck.value);
    }
  }

  int run(uint64_t cycles) {
    for (uint64_t end = now + cycles; now < end;) {
      const bool started = pins.cmd_valid_i && pins.cmd_ready_o;
      const bool act_valid = act_left && !stalls.hit(job.stall_act);
      const bool weight_valid = weight_left && !stalls.hit(job.stall_weight);
      const bool result_ready = !stalls.hit(job.stall_result);
      const bool act_taken = act_valid && pins.s_axis_act_tready_o;
      const bool weight_taken = weight_valid && pins.s_axis_weight_tready_o;
      pins.s_axis_act_tvalid_i = act_valid;
      pins.s_axis_weight_tvalid_i = weight_valid;
      pins.m_axis_result_tready_i = result_ready;
      if (pins.m_axis_result_tvalid_o && result_ready) {
        const int status = take_result();
        if (status != DRIFT_RUNNING) return status;
      }
      half_cycle(1);
      if (waiting > 0 || job.stucks_len > 0) write_faults();
      fall();
      if (started) pins.cmd_valid_i = 0;
      if (act_taken) took_act();
      if (weight_taken) took_weight();
      ++now;
      if (result.tile_m == tiles_m && pins.cmd_ready_o && !pins.cmd_valid_i) {
        return act_left || weight_left ? DRIFT_EXCESS : DRIFT_DONE;
      }
    }
    return DRIFT_RUNNING;
  }
};

}  // namespace

extern "C" {

void drift_sim_describe(drift_shape* shape) {
  *shape = drift_shape{DRIFT_SIM_ABI, kRows, kColumns, kLanes, kTileRows, VM_TRACE};
}

void* drift_sim_new(void) { return new Model; }

void drift_sim_delete(void* model) { delete static_cast<Model*>(model); }

void drift_sim_reset(void* model) { static_cast<Model*>(model)->reset(); }

void drift_sim_start(void* model, const drift_job* job) { static_cast<Model*>(model)->start(*job); }

int drift_sim_run(void* model, uint64_t cycles) { return static_cast<Model*>(model)->run(cycles); }

uint64_t drift_sim_rows(void* model) { return static_cast<Model*>(model)->result_rows; }

void drift_sim_counters(void* model, drift_counters* counters) {
  const Vdrift& top = *static_cast<Model*>(model)->top;
  *counters = drift_counters{top.cycles_o,          top.tiles_o,  top.flagged_rows_o,
                             top.flagged_columns_o, top.masked_o, top.unlocated_o};
}

void drift_sim_bare(void* model, uint64_t cycles) {
  Model& self = *static_cast<Model*>(model);
  Vdrift& top = *self.top;
  top.cmd_m_i = 0xffffff;
  top.cmd_k_i = 16 * kRows;
  top.cmd_n_i = kColumns;
  top.cmd_valid_i = 1;
  top.s_axis_act_tvalid_i = 1;
  top.s_axis_weight_tvalid_i = 1;
  top.m_axis_result_tready_i = 1;
  memset(&top.s_axis_act_tdata_i, 0x55, kRows);
  memset(&top.s_axis_weight_tdata_i, 0x33, kColumns);
  for (uint64_t i = 0; i < cycles; ++i) {
    top.clk_i = 1;
    drift_evaluate(top);
    self.fall();
  }
}

int drift_sim_trace(void* model, const char* file, uint64_t first_tile, uint64_t last_tile) {
#if VM_TRACE
  Model& self = *static_cast<Model*>(model);
  self.context.traceEverOn(true);
  self.trace = std::make_unique<VerilatedVcdC>();
  self.top->trace(self.trace.get(), 99);
  self.trace->open(file);
  self.trace_first = first_tile;
  self.trace_last = last_tile;
  return self.trace->isOpen() ? 0 : -1;
#else
  (void)model, (void)file, (void)first_tile, (void)last_tile;
  return -1;
#endif
}

}  // extern "C"
