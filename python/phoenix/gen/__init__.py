"""Generated code. See tools/generate.ts."""
