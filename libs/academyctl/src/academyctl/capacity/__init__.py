"""`academyctl capacity`: tasks, connections, queues, encoders, storage and dollars for N users."""
