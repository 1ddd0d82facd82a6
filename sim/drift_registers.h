// Access to the PE registers of a verilated model.
//   Weight-stationary, drift_pe_strip.sv: PE (r, c) is state_q[c][r+1], a word
//   {valid, swap, 6'b0, shadow, weight, activation}, and psum_q[c][r+1].
//   Output-stationary, drift_os_strip.sv: PE (r, c) is state_q[c][r+1], a word
//   {valid, first, step, done, 12'b0, weight, activation}, and psum_q[c][r].
// Every reader of these registers is clocked, so a write takes effect at the next edge.
#ifndef DRIFT_REGISTERS_H
#define DRIFT_REGISTERS_H

#include "Vdrift___024root.h"
#include "Vdrift__Syms.h"
#include "drift_sim.h"

// Where the tile engine is in the model: the top itself, or an instance in it.
#ifndef DRIFT_ENGINE
#define DRIFT_ENGINE drift_tile_engine
#endif

// The array's only strip, which is an object of its own in the model.
#define DRIFT_JOIN_EXPANDED(left_, middle_, right_) left_##middle_##right_
#define DRIFT_JOIN(left_, middle_, right_) DRIFT_JOIN_EXPANDED(left_, middle_, right_)
#define DRIFT_STRIP(root_) \
  (root_)->vlSymsp->DRIFT_JOIN(TOP__, DRIFT_ENGINE, __DOT__u_array__DOT__g_strip__BRA__0__KET____DOT__u_strip)

// Shift of a register within its PE's word.
static inline unsigned drift_register_shift(uint32_t reg) {
  switch (reg) {
    case DRIFT_WEIGHT: return 8;
    case DRIFT_VALID: return 31;
    default: return 0;
  }
}

static inline IData& drift_register_word(Vdrift___024root* root, uint32_t reg, uint32_t row, uint32_t column) {
#if DRIFT_OS
  return reg == DRIFT_PSUM ? DRIFT_STRIP(root).psum_q[column][row]
                           : DRIFT_STRIP(root).state_q[column][row + 1];
#else
  return reg == DRIFT_PSUM ? DRIFT_STRIP(root).psum_q[column][row + 1]
                           : DRIFT_STRIP(root).state_q[column][row + 1];
#endif
}

static inline void drift_flip_register(Vdrift___024root* root, uint32_t reg, uint32_t row, uint32_t column,
                                       uint32_t mask) {
  drift_register_word(root, reg, row, column) ^= mask << drift_register_shift(reg);
}

static inline void drift_stick_register(Vdrift___024root* root, uint32_t reg, uint32_t row, uint32_t column,
                                        uint32_t mask, uint32_t value) {
  IData& word = drift_register_word(root, reg, row, column);
  const unsigned shift = drift_register_shift(reg);
  word = (word & ~(mask << shift)) | (value << shift);
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

#endif
