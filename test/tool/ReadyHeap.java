import java.util.ArrayList;
import java.util.List;

/** Holds as many MiB as its first argument says, in blocks of 4 KiB, says so, and stays. */
public class ReadyHeap {
    public static void main(String[] args) throws Exception {
        List<byte[]> blocks = new ArrayList<>();
        for (int i = 0; i < Integer.parseInt(args[0]) * 256; i++) blocks.add(new byte[4096]);
        System.out.println("ready " + blocks.size());
        Thread.sleep(Long.MAX_VALUE);
    }
}
