"""What a model is measured by: picture sets, figures of restored pictures, of the prompts, and of what must not happen to a picture."""
