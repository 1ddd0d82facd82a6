//! FST waveforms: Verilator writes a VCD, which needs no compression library
//! on the machine, and this turns it into the compact FST.
