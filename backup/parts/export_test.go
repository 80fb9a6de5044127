package parts

func init() { packSize, chunkSize = 64<<10, 16<<10 } // small packs have the same edges
