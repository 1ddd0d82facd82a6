# make           run the main job: real GEMMs of a diffusion model through the generated accelerator
# make help      everything else

CONFIG   ?= default
OUT      ?= rtl-out
WORKLOAD ?= tiny-dit
BER      ?= 1e-7
WAVES    ?= target/rollback.fst
CASES    ?= 10000
RUNS     ?= 2000
ARRAYS   ?= 24

DRIFT := cargo run --release --quiet --bin drift --

.DEFAULT_GOAL := cosim
.PHONY: cosim accelerator repack test rtl expected lint area synth bench verify verify-accelerator coverage formal waves voltage fuzz help
.PHONY: cosim accelerator repack test rtl expected lint area synth characterize verify-timing bench verify verify-accelerator coverage formal waves help

cosim: ## the main job: co-simulate $(WORKLOAD) on $(CONFIG) with faults, compare every bit
	$(DRIFT) cosim --config $(CONFIG) --workload $(WORKLOAD) --ber $(BER)

accelerator: ## denoising steps of $(WORKLOAD) on the whole accelerator: checkpoints, faults, rollback
	$(DRIFT) cosim --accelerator --config $(CONFIG) --workload $(WORKLOAD) --ber $(BER)

repack: ## what rollbacks cost in DRAM rows and cycles, row-major against repacked; 128x128 takes minutes
	$(DRIFT) repack

test: ## all tests, co-simulation regressions included
	@$(DRIFT) tools
	cargo test --release

rtl: ## generate the SystemVerilog of CONFIG=... into OUT=...
	$(DRIFT) rtl --config $(CONFIG) --out $(OUT)

expected: ## renew the committed RTL that reviews look at, and docs/
	$(DRIFT) rtl --config tiny --out tests/expected/tiny
	$(DRIFT) registers --out docs/registers.md
	$(DRIFT) waves --svg docs/rollback.svg

lint: ## Verilator, Yosys and slang over the shipped and 50 random configurations; clippy and rustfmt
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	$(DRIFT) lint --random 50

area: ## cells per module (CONFIG=...), and what protection costs from 8x8 to 128x128
	$(DRIFT) area --config $(CONFIG)
	$(DRIFT) area --sweep 8,16,32,64,128

waves: ## one rollback, from flag to merge, as target/rollback.fst
	$(DRIFT) waves --out $(WAVES)

synth: ## one PE in the cells of LIBERTY="A.lib.gz B.lib.gz ...": area, and delay against voltage
	$(DRIFT) synth --config $(CONFIG) --liberty $(LIBERTY)

voltage: ## bit error rate and what the checksums find, from 1.60 to 1.74 V, on the RTL
	$(DRIFT) sweep --config $(CONFIG) --workload $(WORKLOAD) --from 1.60 --to 1.74 --points 8

fuzz: ## ten minutes of damaged Liberty files; TARGET=netlist or table: other readers
	fuzz/run.sh $(or $(TARGET),liberty) $(or $(SECONDS),600)
characterize: ## technology table OUT=tech.yaml of the PE in LIBERTY="A.lib.gz B.lib.gz ...", operands of $(WORKLOAD)
	$(DRIFT) characterize --config $(CONFIG) --workload $(WORKLOAD) --liberty $(LIBERTY) --out $(OUT)

verify-timing: ## the simulators behind it against each other, the arithmetic, static timing and OpenSTA (needs sta)
	$(DRIFT) characterize --check 100000 --config $(CONFIG) --liberty $(LIBERTY)
	$(DRIFT) synth --opensta --config $(CONFIG) --liberty $(LIBERTY)

formal: ## prove the assertions of the RTL of a small array with SymbiYosys
	$(DRIFT) formal

bench: ## speed, as ratios measured in one run
	cargo bench --bench cosim
	cargo bench --bench timing

verify: ## CASES=10000 random shapes, arrays and fault lists, RTL against golden model
	$(DRIFT) verify --cases $(CASES) --arrays $(ARRAYS)

verify-accelerator: ## RUNS=2000 random programs on the whole accelerator, every pin of every cycle
	$(DRIFT) verify --accelerator --cases $(RUNS)

coverage: ## over a million single psum flips at theta 0: which are flagged and located
	$(DRIFT) cosim --config tests/data/coverage.yaml --workload tests/data/coverage.csv --upsets 1 --threshold-bit 0

help: ## this list
	@grep -hE '^[a-z-]+: ## ' $(MAKEFILE_LIST) | sed -E 's/: ## /\t/' | expand -t 18
