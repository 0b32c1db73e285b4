import cProfile
import pstats
import time

from authorisation import observed
from test_authorisation import *


def test_prof(scene):
    p=cProfile.Profile(); t=time.time()
    p.enable(); n=observed(scene, only="grants"); p.disable()
    print("rows",len(n),"wall",time.time()-t)
    s=pstats.Stats(p); s.sort_stats("cumtime").print_stats(60)
