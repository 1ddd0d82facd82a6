// Access to the PE registers of a verilated model. Every reader of these registers is clocked, so a write takes
// effect at the next edge.
//   Weight-stationary, drift_pe_column.sv: PE (r, c) is element i = Rows-1-r of column c's east_o
//   {valid, swap, 22'b0, activation}, weight_q {16'b0, shadow, weight} and psum_q.
//   Output-stationary, drift_os_strip.sv: PE (r, c) is state_q[c][r+1], a word
//   {valid, first, step, done, 12'b0, weight, activation}, and psum_q[c][r].
#ifndef DRIFT_REGISTERS_H
#define DRIFT_REGISTERS_H

#include "Vdrift.h"
#include "Vdrift___024root.h"
#include "Vdrift__Syms.h"
#include "drift_sim.h"

// Where the tile engine is in the model: the top itself, or an instance in it.
#ifndef DRIFT_ENGINE
#define DRIFT_ENGINE drift_tile_engine
#endif

#define DRIFT_JOIN_EXPANDED(left_, middle_, right_) left_##middle_##right_
#define DRIFT_JOIN(left_, middle_, right_) DRIFT_JOIN_EXPANDED(left_, middle_, right_)

#if DRIFT_OS

// The array's only strip, which is an object of its own in the model.
#define DRIFT_STRIP(root_) \
  (root_)->vlSymsp->DRIFT_JOIN(TOP__, DRIFT_ENGINE, __DOT__u_array__DOT__g_strip__BRA__0__KET____DOT__u_strip)

class DriftPes {
 public:
  explicit DriftPes(Vdrift___024root* root) : root_(root) {}

  // Calls change(word, shift) with the word that holds a register, and the register's place in it.
  template <typename Change>
  void change(uint32_t reg, uint32_t row, uint32_t column, Change change) const {
    switch (reg) {
      case DRIFT_PSUM: return change(DRIFT_STRIP(root_).psum_q[column][row], 0);
      case DRIFT_WEIGHT: return change(DRIFT_STRIP(root_).state_q[column][row + 1], 8);
      case DRIFT_VALID: return change(DRIFT_STRIP(root_).state_q[column][row + 1], 31);
      default: return change(DRIFT_STRIP(root_).state_q[column][row + 1], 0);
    }
  }

 private:
  Vdrift___024root* root_;
};

#else

#include "Vdrift_drift_column.h"
// The numbers of all columns, which the build writes.
#include "drift_columns.h"

class DriftPes {
 public:
#define DRIFT_COLUMN(column_) \
  &root->vlSymsp->DRIFT_JOIN(TOP__, DRIFT_ENGINE, __DOT__u_array__DOT__g_column__BRA__##column_##__KET____DOT__u_column),
  explicit DriftPes(Vdrift___024root* root) : columns_{DRIFT_EVERY_COLUMN(DRIFT_COLUMN)} {}
#undef DRIFT_COLUMN

  // Calls change(word, shift) with each word that holds a register, and the register's place in it.
  template <typename Change>
  void change(uint32_t reg, uint32_t row, uint32_t column, Change change) const {
    const uint32_t i = DRIFT_ROWS - 1 - row;
    Vdrift_drift_column& own = *columns_[column];
    if (reg == DRIFT_PSUM) return change(own.u_pes__DOT__psum_q[i], 0);
    if (reg == DRIFT_WEIGHT) return change(own.u_pes__DOT__weight_q[i], 0);
    const unsigned shift = reg == DRIFT_VALID ? 31 : 0;
    change(own.east_o[i], shift);
    // The model may have copied the word to the eastern neighbour's port already.
    if (column + 1 < DRIFT_LANES) change(columns_[column + 1]->west_i[i], shift);
  }

 private:
  Vdrift_drift_column* columns_[DRIFT_LANES];
};

#endif

static inline void drift_flip_register(const DriftPes& pes, uint32_t reg, uint32_t row, uint32_t column,
                                       uint32_t mask) {
  pes.change(reg, row, column, [mask](auto& word, unsigned shift) { word ^= mask << shift; });
}

static inline void drift_stick_register(const DriftPes& pes, uint32_t reg, uint32_t row, uint32_t column,
                                        uint32_t mask, uint32_t value) {
  pes.change(reg, row, column, [mask, value](auto& word, unsigned shift) {
    word = (word & ~(mask << shift)) | (value << shift);
  });
}

// Tells the model that the clock is low, as evaluating the falling edge would: nothing in the engine is clocked
// by it, and inputs are evaluated with the rising edge. The memory of the last clock level is named differently
// by Verilator's releases; a model with neither name is evaluated.
template <typename Root>
static inline auto drift_lower_clock(Root* root, int, int) -> decltype(root->__Vtrigrprev__TOP__clk_i, bool()) {
  root->__Vtrigrprev__TOP__clk_i = 0;
  return true;
}
template <typename Root>
static inline auto drift_lower_clock(Root* root, int, long)
    -> decltype(root->__Vtrigprevexpr___TOP__clk_i__0, bool()) {
  root->__Vtrigprevexpr___TOP__clk_i__0 = 0;
  return true;
}
template <typename Root>
static inline bool drift_lower_clock(Root*, long, long) {
  return false;
}

// Verilator's own name; Vdrift.h does not declare it.
void Vdrift___024root___eval(Vdrift___024root* root);

// Evaluates a model that was evaluated before. What Vdrift::eval does besides takes up to 8% of a small array's time
// (16x16, Verilator 5.048): it delivers messages of assertions, tells waveforms that something changed, and frees objects of classes.
static inline void drift_evaluate(Vdrift& model) {
#if DRIFT_ASSERTIONS || VM_TRACE
  model.eval();
#else
  Vdrift___024root___eval(model.rootp);
#endif
}

#endif
