/* C ABI over any verilated module: its pins as arrays of 32-bit words. One shared object per module and
 * configuration. A module is used from one thread at a time. */
#ifndef DRIFT_MODULE_H
#define DRIFT_MODULE_H

#include <stdint.h>

#define DRIFT_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/* Lines "in NAME WORDS" and "out NAME WORDS", in the order in which the words of the ports follow each other in
 * the arrays below; clk_i and rst_ni are not among them. */
DRIFT_API const char* drift_module_ports(void);
/* A module after its reset. */
DRIFT_API void* drift_module_new(void);
DRIFT_API void drift_module_delete(void* module);
/* Applies the inputs and reads the outputs, within a cycle. */
DRIFT_API void drift_module_outputs(void* module, const uint32_t* inputs, uint32_t* outputs);
/* The clock edge that ends the cycle. */
DRIFT_API void drift_module_tick(void* module);
/* Whether an assertion of the RTL has failed; it has printed its message. */
DRIFT_API int drift_module_failed(void* module);
/* XORs a mask into a PE register (enum drift_register) after a clock edge; 0, or -1 for a module without PEs. */
DRIFT_API int drift_module_flip(void* module, uint32_t reg, uint32_t pe_row, uint32_t pe_column, uint32_t mask);
/* Dumps every cycle from now on; 0, or -1 where the file cannot be opened or the model has no tracing. */
DRIFT_API int drift_module_trace(void* module, const char* file);

#ifdef __cplusplus
}
#endif
#endif
