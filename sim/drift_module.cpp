// Any verilated module behind the C ABI of drift_module.h. The ports come from drift_ports.h, which the build
// writes after Verilator has said what they are.

#include "drift_module.h"

#include <cstring>
#include <memory>
#include <type_traits>

#include "Vdrift.h"
#include "drift_ports.h"
#if DRIFT_HAS_PES
#include "drift_registers.h"
#endif
#include "verilated.h"
#if VM_TRACE
#include "verilated_vcd_c.h"
#endif

namespace {

template <typename Pin>
void put(Pin& pin, const uint32_t* words, unsigned count) {
  if constexpr (std::is_integral_v<Pin>) {
    pin = Pin(count > 1 ? words[0] | uint64_t(words[1]) << 32 : words[0]);
  } else {
    memcpy(&pin, words, 4 * count);
  }
}

template <typename Pin>
void get(const Pin& pin, uint32_t* words, unsigned count) {
  if constexpr (std::is_integral_v<Pin>) {
    words[0] = uint32_t(pin);
    if (count > 1) words[1] = uint32_t(uint64_t(pin) >> 32);
  } else {
    memcpy(words, &pin, 4 * count);
  }
}

struct Module {
  VerilatedContext context;
  std::unique_ptr<Vdrift> top;
#if VM_TRACE
  std::unique_ptr<VerilatedVcdC> trace;
  uint64_t time = 0;
#endif

  Module() : top(std::make_unique<Vdrift>(&context)) {
    context.fatalOnError(false);
#if VM_TRACE
    context.traceEverOn(true);
#endif
    top->clk_i = 0;
    top->rst_ni = 1;
    eval();
    top->rst_ni = 0;
    eval();
    top->clk_i = 1;
    eval();
    top->clk_i = 0;
    top->rst_ni = 1;
    eval();
  }

  ~Module() {
#if VM_TRACE
    if (trace) trace->close();
#endif
    // Verilator unregisters scopes from the thread's context, which may be that of another module.
    Verilated::threadContextp(&context);
    top->final();
  }

  void eval() { top->eval(); }

  void dump() {
#if VM_TRACE
    if (trace) trace->dump(time++);
#endif
  }
};

}  // namespace

extern "C" {

const char* drift_module_ports(void) {
#define IN(name_, words_) "in " #name_ " " #words_ "\n"
#define OUT(name_, words_) "out " #name_ " " #words_ "\n"
  return DRIFT_PORTS(IN, OUT);
#undef IN
#undef OUT
}

void* drift_module_new(void) { return new Module; }

void drift_module_delete(void* module) { delete static_cast<Module*>(module); }

void drift_module_outputs(void* module, const uint32_t* inputs, uint32_t* outputs) {
  Module& self = *static_cast<Module*>(module);
#define IN(name_, words_) put(self.top->name_, inputs, words_), inputs += words_;
#define OUT(name_, words_)
  DRIFT_PORTS(IN, OUT)
#undef IN
#undef OUT
  self.eval();
  self.dump();
#define IN(name_, words_)
#define OUT(name_, words_) get(self.top->name_, outputs, words_), outputs += words_;
  DRIFT_PORTS(IN, OUT)
#undef IN
#undef OUT
}

void drift_module_tick(void* module) {
  Module& self = *static_cast<Module*>(module);
  self.top->clk_i = 1;
  self.eval();
  self.dump();
  self.top->clk_i = 0;
}

int drift_module_failed(void* module) { return static_cast<Module*>(module)->context.gotError(); }

int drift_module_flip(void* module, uint32_t reg, uint32_t pe_row, uint32_t pe_column, uint32_t mask) {
#if DRIFT_HAS_PES
  drift_flip_register(DriftPes(static_cast<Module*>(module)->top->rootp), reg, pe_row, pe_column, mask);
  return 0;
#else
  (void)module, (void)reg, (void)pe_row, (void)pe_column, (void)mask;
  return -1;
#endif
}

int drift_module_trace(void* module, const char* file) {
#if VM_TRACE
  Module& self = *static_cast<Module*>(module);
  self.trace = std::make_unique<VerilatedVcdC>();
  self.top->trace(self.trace.get(), 99);
  self.trace->open(file);
  return self.trace->isOpen() ? 0 : -1;
#else
  (void)module, (void)file;
  return -1;
#endif
}

}  // extern "C"
