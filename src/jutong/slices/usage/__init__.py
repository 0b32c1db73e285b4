"""使用监管: the consumer's ledger and use records, misuse, suspension and termination of access, disposal with its proof."""
