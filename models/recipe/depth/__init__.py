"""The depth encoder and what it learns from: pseudo-depth of photographs, and rendered scenes of known depth."""
