/* C ABI over a verilated tile engine. One shared object per configuration;
 * every object exports the same names and is loaded privately.
 *
 * A job is one GEMM. The caller keeps all memory that a job points to alive
 * until the job ends, and uses a model from one thread at a time. */
#ifndef DRIFT_SIM_H
#define DRIFT_SIM_H

#include <stddef.h>
#include <stdint.h>

#define DRIFT_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/* Changes whenever a struct or the meaning of a call changes. */
#define DRIFT_SIM_ABI 1

/* What the model was built for. */
typedef struct {
  uint32_t abi;
  uint32_t rows;
  uint32_t columns;
  uint32_t lanes;
  uint32_t tile_rows;
  uint32_t traced;
} drift_shape;

/* A transient fault: XOR into a PE register when it has captured a row (WS) or a step (OS).
 * Sorted by stream_row; registers as in enum drift_register. */
typedef struct {
  uint64_t stream_row; /* rows streamed before this one, checksum rows included; in OS steps */
  uint32_t pe_row;
  uint32_t pe_column;
  uint32_t reg;
  uint32_t mask;
} drift_flip;

/* A permanent fault: bits of mask hold value after every clock edge. */
typedef struct {
  uint32_t pe_row;
  uint32_t pe_column;
  uint32_t reg;
  uint32_t mask;
  uint32_t value;
} drift_stuck;

enum drift_register { DRIFT_PSUM = 0, DRIFT_ACTIVATION = 1, DRIFT_WEIGHT = 2, DRIFT_VALID = 3 };

/* One GEMM: x is m*k, w is k*n, both row-major int8. */
typedef struct {
  const int8_t* x;
  const int8_t* w;
  uint32_t m;
  uint32_t k;
  uint32_t n;
  uint32_t threshold_bit;
  const drift_flip* flips;
  size_t flips_len;
  const drift_stuck* stucks;
  size_t stucks_len;
  /* Results in streaming order: one row of `columns` int32 per beat. */
  int32_t* y;
  uint8_t* row_flags;    /* one per beat */
  uint8_t* column_flags; /* `columns` per tile */
  /* Chance in 256 that a stream stalls in a cycle, and the seed of the stalls. */
  uint32_t stall_act;
  uint32_t stall_weight;
  uint32_t stall_result;
  uint64_t stall_seed;
} drift_job;

typedef struct {
  uint64_t cycles;
  uint64_t tiles;
  uint64_t flagged_rows;
  uint64_t flagged_columns;
  uint64_t masked;
  uint64_t unlocated;
} drift_counters;

enum drift_status {
  DRIFT_RUNNING = 0,
  DRIFT_DONE = 1,
  DRIFT_BAD_TLAST = 2, /* a packet ended early or late */
  DRIFT_BAD_MASK = 3,  /* tuser's mask is not row flag AND column flags */
  DRIFT_BAD_TKEEP = 4, /* tkeep does not mark the columns below N */
  DRIFT_EXCESS = 5     /* more operands taken or results given than the GEMM has */
};

DRIFT_API void drift_sim_describe(drift_shape* shape);
DRIFT_API void* drift_sim_new(void);
DRIFT_API void drift_sim_delete(void* model);
/* Resets the hardware and its counters. */
DRIFT_API void drift_sim_reset(void* model);
/* Begins a job; the hardware must be idle. */
DRIFT_API void drift_sim_start(void* model, const drift_job* job);
/* Clocks the job for at most `cycles` cycles; returns a drift_status. */
DRIFT_API int drift_sim_run(void* model, uint64_t cycles);
/* Result rows received since the job began. */
DRIFT_API uint64_t drift_sim_rows(void* model);
DRIFT_API void drift_sim_counters(void* model, drift_counters* counters);
/* Clocks the bare model with constant operands: the yardstick of the benchmarks. */
DRIFT_API void drift_sim_bare(void* model, uint64_t cycles);
/* Writes a VCD of the cycles in which rows of tiles first..=last are streamed
 * or pending. Returns 0, or -1 where the model was built without tracing. */
DRIFT_API int drift_sim_trace(void* model, const char* file, uint64_t first_tile, uint64_t last_tile);

#ifdef __cplusplus
}
#endif
#endif
