#!/bin/sh
# Writes arrival and setup of flip-flop data pins by OpenSTA (2.0.17, Debian's opensta) to standard output:
#   opensta.sh NETLIST.v TOP CLOCK ENDPOINTS LIBRARY.lib[.gz] ...
# ENDPOINTS has lines `INSTANCE PIN`, a flip-flop and its data pin. The clock is ideal, there are no wires.
# `drift synth --opensta` runs this; it also made the expected results of the tests:
#   small.sta: opensta.sh small.v adder clk_i (s0 s1 s2 s3) small.lib, its templates moved before the cells, where this
#              version wants them
#   pe.sta:    opensta.sh pe.v drift_pe_column clk_i (flip-flops of psum_q[0]) ss_n40C_*.lib.gz
# NETLIST.v is the JSON netlist: yosys -p 'read_json X.json; write_verilog -noattr -noexpr -nohex -nodec -simple-lhs X.v',
# without the word `signed`, which this version does not read.
set -eu
netlist=$1 top=$2 clock=$3 endpoints=$4
shift 4
scratch=$(mktemp -d)
trap 'rm -r "$scratch"' EXIT
sed 's/ signed / /' "$netlist" >"$scratch/netlist.v"
echo "# library, flip-flop, edge of the data, arrival and setup in ns; made by opensta.sh"
for library; do
  case $library in
    *.gz) gunzip -c "$library" ;;
    *) cat "$library" ;;
  esac >"$scratch/library.lib"
  {
    echo "read_liberty $scratch/library.lib"
    echo "read_verilog $scratch/netlist.v"
    echo "link_design $top"
    echo "set_cmd_units -time ns -capacitance pF"
    echo "create_clock -name clock -period 1000 [get_ports $clock]"
    while read -r instance pin; do
      for edge in rise fall; do
        echo "puts \"endpoint $(basename "$library") $instance $edge\""
        echo "report_checks -path_delay max -${edge}_to $instance/$pin -format full -digits 6"
      done
    done <"$endpoints"
  } >"$scratch/run.tcl"
  sta -no_splash -exit "$scratch/run.tcl" | awk '
    $1 == "endpoint" { name = $2 " " $3 " " $4 }
    /library setup time/ { setup = -$1 }
    /data arrival time/ && $1 > 0 { arrival = $1 }
    /slack/ { print name, arrival, setup }'
done
