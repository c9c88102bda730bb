"""What a person has opened here: letters that are read, and Skatteetaten, which is told when the vendor wants that."""
