// generated
+incdir+.
drift_pkg.sv
drift_pe.sv
drift_acc.sv
drift_array.sv
