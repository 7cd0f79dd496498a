import java.util.ArrayList;
import java.util.List;

/** Holds as many MiB as its first argument says, in blocks of 4 KiB, says so, and stays. */
public class ReadyHeap {
    // A local variable that nobody reads any more would be garbage.
    static final List<byte[]> BLOCKS = new ArrayList<>();

    public static void main(String[] args) throws Exception {
        for (int i = 0; i < Integer.parseInt(args[0]) * 256; i++) BLOCKS.add(new byte[4096]);
        System.out.println("ready " + BLOCKS.size());
        Thread.sleep(Long.MAX_VALUE);
    }
}
